//! What the names of a question mean: each a column that is there, in one way and in every engine.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not on the list is refused")]

mod kinds;

use super::Fault;
use crate::domain::trail_row::TrailRow;
use crate::trail::table::NAME;
use sqlparser::ast::{
    Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, OrderByExpr, OrderByKind, Query,
    Select, SelectItem, SetExpr, Spanned, TableAlias, TableFactor, TableWithJoins,
};
use std::collections::BTreeSet;

/// Words that one engine takes for the name of a column and another does not.
const RESERVED: [&str; 34] = [
    "cross",
    "cube",
    "current_catalog",
    "current_date",
    "current_path",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "deallocate",
    "describe",
    "execute",
    "extract",
    "false",
    "full",
    "grouping",
    "inner",
    "left",
    "listagg",
    "localtime",
    "localtimestamp",
    "natural",
    "normalize",
    "outer",
    "prepare",
    "recursive",
    "right",
    "rollup",
    "skip",
    "trim",
    "true",
    "uescape",
    "unnest",
];

/// Everything in the query whose meaning is not the same everywhere.
pub(super) fn faults(query: &Query) -> Vec<Fault> {
    let mut judge = Judge::default();
    judge.query(query, None);
    judge.faults
}

/// What a value is; engines compare unlike ones in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    /// True or false: in `SQLite` a number.
    Truth,
    /// NULL, or what was found wrong already.
    Any,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy)]
struct Known {
    kind: Kind,
    /// How much there is of it once the columns of subqueries are put in, as `SQLite` does.
    parts: u64,
}

/// One table of a FROM, and the columns it offers.
#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<(String, Known)>,
}

/// The tables that a name may be looked up in: those of a SELECT, then those around it.
#[derive(Debug, Clone, Copy)]
struct Scope<'a> {
    tables: &'a [Table],
    /// The names that the SELECT gives, which say nothing within it.
    given: &'a [String],
    around: Option<&'a Scope<'a>>,
}

#[derive(Debug, Default)]
struct Judge {
    faults: Vec<Fault>,
}

impl Judge {
    fn blame(&mut self, what: impl Into<String>, part: &impl Spanned) {
        self.faults.push(Fault::at(what, part.span()));
    }

    fn blame_name(&mut self, what: impl Into<String>, name: &Ident) {
        self.faults.push(Fault::at(what, name.span));
    }

    /// Judges a query and says which columns it returns.
    fn query(&mut self, query: &Query, around: Option<&Scope<'_>>) -> Vec<(String, Known)> {
        let SetExpr::Select(select) = query.body.as_ref() else { return Vec::new() };
        let order = query.order_by.as_ref().map(|by| &by.kind);
        let order = match order {
            Some(OrderByKind::Expressions(order)) => order.as_slice(),
            Some(OrderByKind::All(_)) | None => &[],
        };
        let columns = self.select(select, around);
        self.order(order, &columns);
        columns
    }

    fn select(&mut self, select: &Select, around: Option<&Scope<'_>>) -> Vec<(String, Known)> {
        let given: Vec<String> = select.projection.iter().filter_map(given_name).collect();
        let mut tables = Vec::new();
        for from in &select.from {
            self.joined(from, &mut tables, (&given, around));
        }
        let scope = Scope { tables: &tables, given: &given, around };
        self.name_once(&tables, select);
        if let Some(condition) = &select.selection {
            self.truth(condition, &scope);
            self.no_aggregates(condition, "WHERE");
        }
        let groups = match &select.group_by {
            GroupByExpr::Expressions(groups, _) => groups.as_slice(),
            GroupByExpr::All(_) => &[],
        };
        for group in groups {
            self.group(group, &scope);
        }
        if let Some(condition) = &select.having {
            self.truth(condition, &scope);
        }
        let columns = self.projection(&select.projection, &scope);
        let values = || select.projection.iter().filter_map(asked).chain(&select.having);
        if !groups.is_empty() || values().any(kinds::has_aggregate) {
            values().for_each(|value| self.grouped(value, groups, &scope));
        } else if let Some(condition) = &select.having {
            self.blame("HAVING needs a GROUP BY, or one of count, max, min, sum", condition);
        }
        columns
    }

    fn projection(&mut self, items: &[SelectItem], scope: &Scope<'_>) -> Vec<(String, Known)> {
        let mut columns: Vec<(String, Known)> = Vec::new();
        for item in items {
            let Some(value) = asked(item) else { continue };
            let known = self.value(value, scope);
            let Some(name) = name(item) else {
                self.blame("it has no name of its own; write AS and a name", value);
                continue;
            };
            if columns.iter().any(|(known, _)| *known == name.value) {
                self.blame_name(format!("two columns are called {}; rename one", name.value), name);
            }
            self.may_be_name(name);
            columns.push((name.value.clone(), known));
        }
        columns
    }

    /// Names are small letters, since some engines return them so.
    fn may_be_name(&mut self, name: &Ident) {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let begins = name.value.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !begins || !name.value.bytes().all(plain) {
            let what = format!("{name} must be a name of small letters, digits and underscores");
            self.blame_name(what, name);
        } else if RESERVED.contains(&name.value.as_str()) {
            self.blame_name(format!("{name} is no name in every engine; choose another"), name);
        }
    }

    /// Rows are put in order by columns that are returned: anything else is not the same for all.
    fn order(&mut self, order: &[OrderByExpr], columns: &[(String, Known)]) {
        for by in order {
            let is_returned = match &by.expr {
                Expr::Identifier(name) => columns.iter().any(|(known, _)| *known == name.value),
                _ => false,
            };
            if !is_returned {
                let what = format!("ORDER BY must name columns that are returned, not {}", by.expr);
                self.blame(what, by);
            }
        }
    }

    fn group(&mut self, group: &Expr, scope: &Scope<'_>) {
        self.value(group, scope);
        self.no_aggregates(group, "GROUP BY");
        if !kinds::has_name(group) {
            let what = format!("GROUP BY must name columns, not {group}");
            self.blame(what, group);
        }
    }

    fn no_aggregates(&mut self, value: &Expr, clause: &str) {
        if kinds::has_aggregate(value) {
            let what = format!("count, max, min and sum cannot stand in {clause}");
            self.blame(what, value);
        }
    }

    /// What is not the same in all rows of a group has no one value for it.
    fn grouped(&mut self, value: &Expr, groups: &[Expr], scope: &Scope<'_>) {
        let bare = kinds::bare(value);
        if groups.iter().any(|group| kinds::bare(group) == bare) || kinds::is_aggregate(bare) {
            return;
        }
        if kinds::is_name(bare) && scope.holds(bare) {
            let what = format!(
                "{bare} is neither in GROUP BY, written in the same way, nor within count, max, \
                 min or sum"
            );
            self.blame(what, bare);
        } else if kinds::has_query(bare) {
            self.blame("a subquery cannot stand beside GROUP BY, count, max, min or sum", bare);
        } else {
            kinds::inner(bare).into_iter().for_each(|part| self.grouped(part, groups, scope));
        }
    }

    fn joined(
        &mut self,
        from: &TableWithJoins,
        tables: &mut Vec<Table>,
        (given, around): (&[String], Option<&Scope<'_>>),
    ) {
        self.table(&from.relation, tables, (given, around));
        for join in &from.joins {
            self.table(&join.relation, tables, (given, around));
            let condition = match &join.join_operator {
                JoinOperator::Join(on)
                | JoinOperator::Inner(on)
                | JoinOperator::Left(on)
                | JoinOperator::LeftOuter(on) => on,
                _ => &JoinConstraint::None,
            };
            if let JoinConstraint::On(condition) = condition {
                let scope = Scope { tables, given, around };
                self.truth(condition, &scope);
                self.no_aggregates(condition, "ON");
            }
        }
    }

    fn table(
        &mut self,
        factor: &TableFactor,
        tables: &mut Vec<Table>,
        (given, around): (&[String], Option<&Scope<'_>>),
    ) {
        match factor {
            TableFactor::Table { alias, .. } => {
                let name = self.named(alias.as_ref(), NAME);
                tables.push(Table { name, columns: case_table() });
            }
            TableFactor::Derived { subquery, alias, .. } => {
                // Not every engine lets it see what stands around it.
                let columns = self.query(subquery, None);
                let name = self.named(alias.as_ref(), "");
                tables.push(Table { name, columns });
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                self.joined(table_with_joins, tables, (given, around));
            }
            _ => {}
        }
    }

    fn named(&mut self, alias: Option<&TableAlias>, otherwise: &str) -> String {
        let Some(alias) = alias else { return otherwise.to_owned() };
        self.may_be_name(&alias.name);
        if !alias.columns.is_empty() {
            self.blame_name("a table is given a name, and its columns none", &alias.name);
        }
        alias.name.value.clone()
    }

    fn name_once(&mut self, tables: &[Table], select: &Select) {
        let mut names = BTreeSet::new();
        let twice = tables.iter().find(|table| !names.insert(&table.name));
        if let Some(table) = twice {
            let what =
                format!("two tables are called {:?}; give each a name of its own", table.name);
            self.blame(what, select);
        }
    }
}

impl Scope<'_> {
    /// Whether the tables of this SELECT, not those around it, offer the column.
    fn holds(&self, name: &Expr) -> bool {
        self.found(name).next().is_some()
    }

    /// The columns of this SELECT's tables that are called so.
    fn found(&self, name: &Expr) -> impl Iterator<Item = Known> {
        let (of, name) = match name {
            Expr::Identifier(name) => (None, name.value.as_str()),
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [table, name] => (Some(table.value.as_str()), name.value.as_str()),
                _ => (None, ""),
            },
            _ => (None, ""),
        };
        let tables = self.tables.iter().filter(move |table| of.is_none_or(|of| of == table.name));
        let columns = tables.flat_map(|table| &table.columns);
        columns.filter(move |(known, _)| known == name).map(|(_, known)| *known)
    }
}

/// What is asked for, not counting `*`, which the walls refuse.
fn asked(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
            Some(value)
        }
        SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => None,
    }
}

/// The name under which it is returned in every engine.
fn name(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last(),
        SelectItem::UnnamedExpr(_)
        | SelectItem::QualifiedWildcard(..)
        | SelectItem::Wildcard(_) => None,
    }
}

fn given_name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(_)
        | SelectItem::QualifiedWildcard(..)
        | SelectItem::Wildcard(_) => None,
    }
}

fn case_table() -> Vec<(String, Known)> {
    let kinds = TrailRow::INTEGERS.iter().map(|number| match number {
        true => Known { kind: Kind::Number, parts: 1 },
        false => Known { kind: Kind::Text, parts: 1 },
    });
    TrailRow::COLUMNS.iter().map(|name| (*name).to_owned()).zip(kinds).collect()
}
