//! What kind of value an expression is: text, number or truth, in every engine the same.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not on the list is refused")]

use super::{Judge, Kind, Known, Scope};
use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Query, SetExpr, UnaryOperator, Value,
};

/// Those that make one value of many rows.
const AGGREGATES: [&str; 4] = ["count", "max", "min", "sum"];
/// Parts of one value once the columns of subqueries are put in: doubling a column in each of
/// thirty subqueries would make more than there is memory for.
const PARTS_MAX: u64 = 5_000;
/// Digits that every engine holds in a whole number.
const DIGITS_MAX: usize = 18;

impl Judge {
    /// Judges what must be a value that can be returned, compared and put in order.
    pub(super) fn value(&mut self, value: &Expr, scope: &Scope<'_>) -> Known {
        let known = self.known(value, scope);
        if known.kind != Kind::Truth {
            return known;
        }
        let what = "a condition is no value in every engine; write CASE WHEN … THEN 1 ELSE 0 END";
        self.blame(what, value);
        Known { kind: Kind::Any, ..known }
    }

    /// Judges what must be a condition.
    pub(super) fn truth(&mut self, condition: &Expr, scope: &Scope<'_>) -> u64 {
        let known = self.known(condition, scope);
        if matches!(known.kind, Kind::Text | Kind::Number) {
            let what = format!("{} is no condition; compare it with something", bare(condition));
            self.blame(what, condition);
        }
        known.parts
    }

    /// Judges what must be of one kind, and says which, and how many parts they have.
    fn alike<'a>(&mut self, values: impl Iterator<Item = &'a Expr>, scope: &Scope<'_>) -> Known {
        let mut all = Known { kind: Kind::Any, parts: 1 };
        for value in values {
            let known = self.value(value, scope);
            all.parts = all.parts.saturating_add(known.parts);
            if all.kind == Kind::Any {
                all.kind = known.kind;
            } else if known.kind != Kind::Any && known.kind != all.kind {
                self.blame("a text and a number stand together, which engines mix unlike", value);
            }
        }
        all
    }

    fn must_be(&mut self, kind: Kind, values: &[&Expr], scope: &Scope<'_>) -> Known {
        let mut all = Known { kind, parts: 1 };
        for value in values {
            let known = self.value(value, scope);
            all.parts = all.parts.saturating_add(known.parts);
            if known.kind != kind && known.kind != Kind::Any {
                let wanted = if kind == Kind::Text { "a text" } else { "a number" };
                self.blame(format!("{} is not {wanted}", bare(value)), *value);
            }
        }
        all
    }

    fn known(&mut self, value: &Expr, scope: &Scope<'_>) -> Known {
        let known = self.of(value, scope);
        if known.parts > PARTS_MAX {
            let what =
                format!("it grows to more than {PARTS_MAX} parts once its subqueries are put in");
            self.blame(what, value);
            return Known { parts: 1, ..known };
        }
        known
    }

    fn of(&mut self, value: &Expr, scope: &Scope<'_>) -> Known {
        let truth = |parts: u64| Known { kind: Kind::Truth, parts: parts.saturating_add(1) };
        match value {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.column(value, scope),
            Expr::Value(literal) => self.literal(&literal.value, value),
            Expr::Nested(inner) => self.known(inner, scope),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => truth(self.truth(expr, scope)),
            Expr::UnaryOp { expr, .. } => self.must_be(Kind::Number, &[expr], scope),
            Expr::BinaryOp { left, op, right } => self.operation(op, [left, right], scope),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => truth(self.known(inner, scope).parts),
            Expr::InList { expr, list, .. } => {
                if list.is_empty() {
                    self.blame("IN needs a list", value);
                }
                truth(self.alike(std::iter::once(&**expr).chain(list), scope).parts)
            }
            Expr::Between { expr, low, high, .. } => {
                truth(self.alike([expr, low, high].map(|part| &**part).into_iter(), scope).parts)
            }
            Expr::Like { expr, pattern, escape_char, .. } => {
                let is_one = |escape: &Value| match escape {
                    Value::SingleQuotedString(escape) => escape.chars().count() == 1,
                    _ => false,
                };
                if !escape_char.as_ref().is_none_or(is_one) {
                    self.blame("ESCAPE must name one character", value);
                }
                truth(self.must_be(Kind::Text, &[expr, pattern], scope).parts)
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let found = self.one_column(subquery, scope);
                let known = self.value(expr, scope);
                if !fits(known.kind, found.kind) {
                    self.blame(
                        "a text and a number stand together, which engines mix unlike",
                        value,
                    );
                }
                truth(known.parts)
            }
            Expr::Exists { subquery, .. } => {
                self.query(subquery, Some(scope));
                truth(1)
            }
            Expr::Subquery(query) => {
                if !is_one_row(query) {
                    let what = "a subquery that is a value must be one row: count, max, min or sum";
                    self.blame(what, value);
                }
                self.one_column(query, scope)
            }
            Expr::Case { .. } => self.case(value, scope),
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                self.part_of_text(value, [substring_from, substring_for].map(Option::as_deref));
                self.must_be(Kind::Text, &[expr], scope)
            }
            Expr::Function(call) => self.call(call, value, scope),
            // The walls say what is wrong with it.
            _ => Known { kind: Kind::Any, parts: 1 },
        }
    }

    fn column(&mut self, name: &Expr, scope: &Scope<'_>) -> Known {
        let wrong = Known { kind: Kind::Any, parts: 1 };
        let mut within = Some(scope);
        while let Some(here) = within {
            let mut found = here.found(name);
            if let Some(known) = found.next() {
                if found.next().is_some() {
                    self.blame(format!("{name} is in two tables; write which one is meant"), name);
                }
                return known;
            }
            within = here.around;
        }
        let is_given = scope.given.iter().any(|given| *given == name.to_string());
        let what = if is_given {
            format!("{name} is given a value by AS, which only ORDER BY knows; write it out")
        } else {
            format!("there is no column {name}; docs/queries.md lists them, in small letters")
        };
        self.blame(what, name);
        wrong
    }

    fn literal(&mut self, literal: &Value, value: &Expr) -> Known {
        let kind = match literal {
            Value::Number(digits, _) => {
                let whole = digits.bytes().all(|b| b.is_ascii_digit());
                if !whole || digits.len() > DIGITS_MAX {
                    let what =
                        format!("{digits} is no whole number of at most {DIGITS_MAX} digits");
                    self.blame(what, value);
                }
                Kind::Number
            }
            Value::SingleQuotedString(_) => Kind::Text,
            _ => Kind::Any,
        };
        Known { kind, parts: 1 }
    }

    fn operation(&mut self, op: &BinaryOperator, sides: [&Expr; 2], scope: &Scope<'_>) -> Known {
        let truth = |parts: u64| Known { kind: Kind::Truth, parts: parts.saturating_add(1) };
        match op {
            BinaryOperator::And | BinaryOperator::Or => {
                let [left, right] = sides.map(|side| self.truth(side, scope));
                truth(left.saturating_add(right))
            }
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => {
                self.must_be(Kind::Number, &sides, scope)
            }
            BinaryOperator::StringConcat => self.must_be(Kind::Text, &sides, scope),
            _ => truth(self.alike(sides.into_iter(), scope).parts),
        }
    }

    fn case(&mut self, value: &Expr, scope: &Scope<'_>) -> Known {
        let Expr::Case { operand, conditions, else_result, .. } = value else {
            return Known { kind: Kind::Any, parts: 1 };
        };
        let mut parts = 1_u64;
        match operand {
            Some(operand) => {
                let compared = conditions.iter().map(|when| &when.condition);
                parts = self.alike(std::iter::once(&**operand).chain(compared), scope).parts;
            }
            None => {
                for when in conditions {
                    parts = parts.saturating_add(self.truth(&when.condition, scope));
                }
            }
        }
        let results = conditions.iter().map(|when| &when.result);
        let known = self.alike(results.chain(else_result.as_deref()), scope);
        Known { parts: known.parts.saturating_add(parts), ..known }
    }

    /// Engines count from the end, or from before the beginning, in different ways.
    fn part_of_text(&mut self, value: &Expr, [from, length]: [Option<&Expr>; 2]) {
        let number = |part: &Expr| match part {
            Expr::Value(literal) => match &literal.value {
                Value::Number(digits, _) => digits.parse::<u32>().ok(),
                _ => None,
            },
            _ => None,
        };
        let begins = from.and_then(number).is_some_and(|from| from >= 1);
        if !begins || length.is_some_and(|length| number(length).is_none()) {
            let what = "substr takes a text, a number from 1 on, and a number of characters";
            self.blame(what, value);
        }
    }

    fn call(&mut self, call: &Function, value: &Expr, scope: &Scope<'_>) -> Known {
        let name = call.name.to_string();
        let FunctionArguments::List(list) = &call.args else {
            return Known { kind: Kind::Any, parts: 1 };
        };
        let given = arguments(call);
        let is_distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let is_aggregate = AGGREGATES.contains(&name.as_str());
        let counts_rows = name == "count" && !is_distinct && is_star(list.args.as_slice());
        let fits = match name.as_str() {
            "coalesce" => given.len() >= 2 && given.len() == list.args.len(),
            _ => counts_rows || (given.len() == 1 && list.args.len() == 1),
        };
        if !fits || (list.duplicate_treatment.is_some() && !(is_distinct && is_aggregate)) {
            let what = match name.as_str() {
                "coalesce" => "coalesce takes two values or more".to_owned(),
                "count" => "count takes *, one value, or DISTINCT and one value".to_owned(),
                _ => format!("{name} takes one value, or DISTINCT and one value"),
            };
            self.blame(what, value);
        }
        if is_aggregate && given.iter().any(|part| has_aggregate(part)) {
            self.blame(format!("{name} cannot stand around count, max, min or sum"), value);
        }
        match name.as_str() {
            "sum" => self.must_be(Kind::Number, &given, scope),
            "count" => {
                let known = self.alike(given.into_iter(), scope);
                Known { kind: Kind::Number, ..known }
            }
            _ => self.alike(given.into_iter(), scope),
        }
    }

    fn one_column(&mut self, query: &Query, scope: &Scope<'_>) -> Known {
        match self.query(query, Some(scope)).as_slice() {
            [(_, known)] => *known,
            _ => {
                self.blame("a subquery in an expression returns one column", query);
                Known { kind: Kind::Any, parts: 1 }
            }
        }
    }
}

fn fits(one: Kind, other: Kind) -> bool {
    one == Kind::Any || other == Kind::Any || one == other
}

fn is_star(given: &[FunctionArg]) -> bool {
    matches!(given, [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)])
}

/// The values that a function is given.
fn arguments(call: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &call.args else { return Vec::new() };
    list.args.iter().filter_map(argument).collect()
}

fn argument(given: &FunctionArg) -> Option<&Expr> {
    match given {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    }
}

/// Whether a query returns one row, however many it reads.
fn is_one_row(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let ungrouped = matches!(
        &select.group_by,
        sqlparser::ast::GroupByExpr::Expressions(groups, _) if groups.is_empty()
    );
    ungrouped
        && select.having.is_none()
        && select.projection.iter().filter_map(super::asked).all(has_aggregate)
}

/// Without the brackets around it.
pub(super) fn bare(mut value: &Expr) -> &Expr {
    while let Expr::Nested(inner) = value {
        value = inner;
    }
    value
}

pub(super) fn is_name(value: &Expr) -> bool {
    matches!(value, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}

pub(super) fn is_aggregate(value: &Expr) -> bool {
    matches!(value, Expr::Function(call) if AGGREGATES.contains(&call.name.to_string().as_str()))
}

/// Whether it makes one value of many rows; what a subquery does is its own affair.
pub(super) fn has_aggregate(value: &Expr) -> bool {
    is_aggregate(value) || inner(value).into_iter().any(has_aggregate)
}

pub(super) fn has_name(value: &Expr) -> bool {
    is_name(value) || inner(value).into_iter().any(has_name)
}

pub(super) fn has_query(value: &Expr) -> bool {
    matches!(value, Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. })
        || inner(value).into_iter().any(has_query)
}

/// The expressions that an expression is made of, but for those of subqueries.
pub(super) fn inner(value: &Expr) -> Vec<&Expr> {
    match value {
        Expr::Nested(expr)
        | Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::UnaryOp { expr, .. }
        | Expr::InSubquery { expr, .. }
        | Expr::Substring { expr, .. } => vec![expr.as_ref()],
        Expr::BinaryOp { left, right, .. } => vec![left.as_ref(), right.as_ref()],
        Expr::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
        Expr::Between { expr, low, high, .. } => vec![expr.as_ref(), low.as_ref(), high.as_ref()],
        Expr::Like { expr, pattern, .. } => vec![expr.as_ref(), pattern.as_ref()],
        Expr::Function(call) => arguments(call),
        Expr::Case { operand, conditions, else_result, .. } => {
            let when = conditions.iter().flat_map(|when| [&when.condition, &when.result]);
            operand.as_deref().into_iter().chain(when).chain(else_result.as_deref()).collect()
        }
        _ => Vec::new(),
    }
}
