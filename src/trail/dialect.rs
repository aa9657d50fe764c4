//! The dialect of questions: what every engine reads alike, and nothing but the case table.

use crate::trail::table::{FUNCTIONS, NAME};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArguments, Ident, ObjectName, OrderBy, OrderByKind,
    Query, Select, SetExpr, Spanned, Statement, TableFactor, UnaryOperator, Value, Visit, Visitor,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use std::ops::ControlFlow;

/// How a parser says where it stopped.
const AT_LINE: &str = " at Line: ";

/// Why a text is no question, and in which line, where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) line: Option<u64>,
}

/// Checks that a text is one plain query of the case table, in SQL that every engine reads alike.
pub(super) fn check(sql: &str) -> Result<(), Fault> {
    let parsed = Parser::parse_sql(&GenericDialect {}, sql).map_err(|error| unread(&error))?;
    let [Statement::Query(query)] = parsed.as_slice() else {
        return Err(Fault {
            what: "it must be one SELECT and nothing else".to_owned(),
            line: None,
        });
    };
    ordered(query)?;
    match query.visit(&mut Walls) {
        ControlFlow::Break(fault) => Err(fault),
        ControlFlow::Continue(()) => Ok(()),
    }
}

fn unread(error: &sqlparser::parser::ParserError) -> Fault {
    let said = error.to_string();
    let (what, place) = said.split_once(AT_LINE).unwrap_or((&said, ""));
    let line = place.split(',').next().and_then(|line| line.parse().ok());
    Fault { what: format!("it is not SQL that every engine reads ({what})"), line }
}

fn fault<T>(what: &str, at: &impl Spanned) -> ControlFlow<Fault, T> {
    let line = at.span().start.line;
    ControlFlow::Break(Fault { what: what.to_owned(), line: (line > 0).then_some(line) })
}

/// Two engines return rows in one order only where all of it is said.
fn ordered(query: &Query) -> Result<(), Fault> {
    let order = query.order_by.as_ref().map(|by| &by.kind);
    let Some(OrderByKind::Expressions(order)) = order else {
        let what = "it lacks an ORDER BY, without which the rows come in any order".to_owned();
        return Err(Fault { what, line: None });
    };
    let vague = |options: &sqlparser::ast::OrderByOptions| {
        options.nulls_first != Some(false) || options.asc.is_none()
    };
    match order.iter().find(|by| vague(&by.options)) {
        None => Ok(()),
        Some(by) => match fault::<()>("ORDER BY must say ASC or DESC and NULLS LAST", by) {
            ControlFlow::Break(fault) => Err(fault),
            ControlFlow::Continue(()) => Ok(()),
        },
    }
}

/// What a question may be made of: everything else is refused, whether we thought of it or not.
struct Walls;

impl Visitor for Walls {
    type Break = Fault;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Fault> {
        let is_select = matches!(query.body.as_ref(), SetExpr::Select(select) if is_plain(select));
        match is_select && is_bare(query) {
            true => ControlFlow::Continue(()),
            false => {
                fault("only plain SELECTs mean the same everywhere: no WITH, UNION, LIMIT", query)
            }
        }
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<Fault> {
        match name.to_string() == NAME {
            true => ControlFlow::Continue(()),
            false => fault("a question reads case_table and no other table", name),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not on the list is refused")]
    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Fault> {
        let plain = match table {
            TableFactor::Table { args, with_hints, version, sample, json_path, .. } => {
                args.is_none()
                    && with_hints.is_empty()
                    && version.is_none()
                    && sample.is_none()
                    && json_path.is_none()
            }
            TableFactor::Derived { lateral, .. } => !lateral,
            TableFactor::NestedJoin { .. } => true,
            _ => false,
        };
        match plain {
            true => ControlFlow::Continue(()),
            false => fault("a question reads case_table and no function or other source", table),
        }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Fault> {
        match why_not(expression) {
            None => ControlFlow::Continue(()),
            Some(why) => fault(&why, expression),
        }
    }
}

/// Nothing around the SELECT but an order.
fn is_bare(query: &Query) -> bool {
    let by_columns =
        |by: &OrderBy| matches!(by.kind, OrderByKind::Expressions(_)) && by.interpolate.is_none();
    query.with.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
        && query.for_clause.is_none()
        && query.settings.is_none()
        && query.format_clause.is_none()
        && query.pipe_operators.is_empty()
        && query.order_by.as_ref().is_none_or(by_columns)
}

fn is_plain(select: &Select) -> bool {
    select.top.is_none()
        && select.into.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.qualify.is_none()
        && select.connect_by.is_none()
        && select.named_window.is_empty()
}

/// Why an expression is not for every engine.
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not on the list is refused")]
fn why_not(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(name) => quoted(std::slice::from_ref(name)),
        Expr::CompoundIdentifier(names) => quoted(names),
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

fn quoted(names: &[Ident]) -> Option<String> {
    let name = names.iter().find(|name| name.quote_style.is_some())?;
    Some(format!("{name} is a quoted name, which some engines read as a text"))
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
        && matches!(call.parameters, FunctionArguments::None);
    (!plain).then(|| format!("{name} must be a plain call, without OVER or FILTER"))
}

#[cfg(test)]
mod tests;
