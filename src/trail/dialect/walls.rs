//! What a question may be made of: everything else is refused, whether we thought of it or not.

use super::{Fault, Order};
use crate::trail::table::{FUNCTIONS, NAME};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArguments, GroupByExpr, JoinConstraint, JoinOperator,
    ObjectName, OrderBy, OrderByKind, OrderByOptions, Query, Select, SelectFlavor, SelectItem,
    SetExpr, Spanned, TableFactor, TableWithJoins, UnaryOperator, Value, Visit, Visitor,
};
use std::ops::ControlFlow;

/// Everything in the query that is not on the list.
pub(super) fn faults(query: &Query, order: Order) -> Vec<Fault> {
    let mut walls = Walls { faults: Vec::new(), order };
    walls.faults.extend(unordered(query).filter(|_| order == Order::Said));
    let _: ControlFlow<()> = query.visit(&mut walls);
    walls.faults
}

struct Walls {
    faults: Vec<Fault>,
    order: Order,
}

impl Visitor for Walls {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !is_bare(query) {
            let what = "only plain SELECTs mean the same everywhere: no WITH, UNION, LIMIT";
            self.faults.push(Fault::at(what, query.span()));
        }
        if let SetExpr::Select(select) = query.body.as_ref() {
            self.faults.extend(strange_select(select));
        }
        let order = query.order_by.iter().flat_map(|by| match &by.kind {
            OrderByKind::Expressions(order) => order.as_slice(),
            OrderByKind::All(_) => &[],
        });
        let said = self.order == Order::Said;
        let vague = order.filter(|by| (said && is_vague(&by.options)) || by.with_fill.is_some());
        let what = "ORDER BY must say ASC or DESC and NULLS LAST";
        self.faults.extend(vague.map(|by| Fault::at(what, by.span())));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        if name.to_string() != NAME {
            self.faults
                .push(Fault::at("a question reads case_table and no other table", name.span()));
        }
        ControlFlow::Continue(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not on the list is refused")]
    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<()> {
        let plain = match table {
            TableFactor::Table {
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
                ..
            } => {
                args.is_none()
                    && with_hints.is_empty()
                    && version.is_none()
                    && !with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && sample.is_none()
                    && index_hints.is_empty()
            }
            TableFactor::Derived { lateral, .. } => !lateral,
            TableFactor::NestedJoin { alias, .. } => alias.is_none(),
            _ => false,
        };
        if !plain {
            let what = "a question reads case_table and no function or other source";
            self.faults.push(Fault::at(what, table.span()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        self.faults.extend(why_not(expression).map(|why| Fault::at(why, expression.span())));
        ControlFlow::Continue(())
    }
}

/// Two engines return rows in one order only where all of it is said.
fn unordered(query: &Query) -> Option<Fault> {
    let what = "it lacks an ORDER BY, without which the rows come in any order";
    query.order_by.is_none().then(|| Fault::at(what, query.span()))
}

fn is_vague(options: &OrderByOptions) -> bool {
    options.nulls_first != Some(false) || options.asc.is_none()
}

/// Nothing around the SELECT but an order.
fn is_bare(query: &Query) -> bool {
    let by_columns =
        |by: &OrderBy| matches!(by.kind, OrderByKind::Expressions(_)) && by.interpolate.is_none();
    matches!(query.body.as_ref(), SetExpr::Select(_))
        && query.with.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
        && query.for_clause.is_none()
        && query.settings.is_none()
        && query.format_clause.is_none()
        && query.pipe_operators.is_empty()
        && query.order_by.as_ref().is_none_or(by_columns)
}

fn strange_select(select: &Select) -> Vec<Fault> {
    let plain = select.top.is_none()
        && select.exclude.is_none()
        && select.into.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.cluster_by.is_empty()
        && select.distribute_by.is_empty()
        && select.sort_by.is_empty()
        && select.qualify.is_none()
        && select.value_table_mode.is_none()
        && select.connect_by.is_none()
        && select.named_window.is_empty()
        && matches!(select.flavor, SelectFlavor::Standard)
        && !matches!(select.distinct, Some(sqlparser::ast::Distinct::On(_)));
    let mut faults = Vec::new();
    if !plain {
        faults.push(Fault::at("only a plain SELECT means the same everywhere", select.span()));
    }
    if select.from.is_empty() {
        faults.push(Fault::at("a SELECT without FROM asks nothing of case_table", select.span()));
    }
    let is_star = |item: &&SelectItem| {
        matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
    };
    let stars = select.projection.iter().filter(is_star);
    faults.extend(stars.map(|star| Fault::at("* stands for other columns in a year", star.span())));
    match &select.group_by {
        GroupByExpr::Expressions(_, modifiers) if modifiers.is_empty() => {}
        GroupByExpr::Expressions(..) | GroupByExpr::All(_) => {
            let what = "GROUP BY must name columns, without ALL, ROLLUP or the like";
            faults.push(Fault::at(what, select.span()));
        }
    }
    faults.extend(select.from.iter().flat_map(strange_joins));
    faults
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not on the list is refused")]
fn strange_joins(tables: &TableWithJoins) -> Vec<Fault> {
    let is_plain = |operator: &JoinOperator| match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on) => matches!(on, JoinConstraint::On(_)),
        JoinOperator::CrossJoin(on) => matches!(on, JoinConstraint::None),
        _ => false,
    };
    let strange = tables.joins.iter().filter(|join| join.global || !is_plain(&join.join_operator));
    let what = "a join is JOIN or LEFT JOIN with ON, or CROSS JOIN; others differ";
    strange.map(|join| Fault::at(what, join.relation.span())).collect()
}

/// Why an expression is not for every engine.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not on the list is refused")]
fn why_not(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => None,
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Nested(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_) => None,
        Expr::Like { any: false, .. } => None,
        // `substr(a, 1, 2)`, and no other way of writing it.
        Expr::Substring { special: true, shorthand: true, .. } => None,
        Expr::UnaryOp { op: UnaryOperator::Not | UnaryOperator::Minus, .. } => None,
        Expr::BinaryOp { op, .. } if is_portable(op) => None,
        Expr::BinaryOp { op: BinaryOperator::Divide, .. } => {
            Some("engines divide whole numbers in different ways: no division".to_owned())
        }
        Expr::Value(value) => {
            is_strange(&value.value).then(|| format!("{} is no plain text or number", value.value))
        }
        Expr::Function(call) => strange_call(call),
        other => Some(format!("not every engine reads {other} alike")),
    }
}

fn is_portable(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::StringConcat
    )
}

fn is_strange(value: &Value) -> bool {
    !matches!(value, Value::Number(_, false) | Value::SingleQuotedString(_) | Value::Null)
}

fn strange_call(call: &Function) -> Option<String> {
    let name = call.name.to_string();
    if !FUNCTIONS.contains(&name.as_str()) {
        return Some(format!("{name} is not one of the functions {}", FUNCTIONS.join(", ")));
    }
    let plain = call.over.is_none()
        && call.filter.is_none()
        && call.null_treatment.is_none()
        && call.within_group.is_empty()
        && !call.uses_odbc_syntax
        && matches!(call.parameters, FunctionArguments::None)
        && match &call.args {
            FunctionArguments::List(list) => list.clauses.is_empty(),
            FunctionArguments::None | FunctionArguments::Subquery(_) => false,
        };
    (!plain).then(|| format!("{name} must be a plain call, without OVER or FILTER"))
}
