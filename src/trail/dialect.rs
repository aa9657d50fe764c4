//! That the questions are in the dialect that every engine reads alike, and say what they return.

use crate::domain::question::Times;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::Cell;
use crate::trail::catalogue::questions;
use crate::trail::table::CaseTable;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

/// Times for the questions that need some.
fn times() -> Times {
    let at = Some("2026-08-01T10:03:00Z".parse().unwrap());
    Times { exposed_since: at, contained_at: at }
}

#[test]
fn questions_return_the_columns_their_headers_name() {
    let table = CaseTable::load(&[]).unwrap();
    for question in questions().unwrap() {
        let found = table.ask(&question.at(&times()).unwrap()).unwrap();
        assert_eq!(found.columns, question.columns, "{}", question.id);
    }
    assert!(table.ask("DELETE FROM case_table").is_err());
}

#[test]
fn like_tells_capitals_from_small_letters() {
    let row = TrailRow { event_name: Some("ABC".to_owned()), ..TrailRow::default() };
    let table = CaseTable::load(&[row]).unwrap();
    let found = table.ask("SELECT count(*) FROM case_table WHERE event_name LIKE 'abc'").unwrap();
    assert_eq!(found.rows, [[Cell::Integer(0)]]);
}

#[test]
fn every_file_in_the_folder_is_a_question_of_the_catalogue() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        files.extend(name.strip_suffix(".sql").map(str::to_owned));
    }
    let known = questions().unwrap().into_iter().map(|q| format!("{}_{}", q.id, q.name));
    assert_eq!(files, known.collect());
}

/// Functions that mean the same in `SQLite`, `DuckDB` and Trino.
const PORTABLE: [&str; 6] = ["coalesce", "count", "max", "min", "substr", "sum"];

fn stays_portable(sql: &str) -> Result<(), String> {
    use sqlparser::ast::{
        BinaryOperator, Expr, OrderByKind, SetExpr, Statement, visit_expressions,
    };
    let dialect = sqlparser::dialect::GenericDialect {};
    let parsed = sqlparser::parser::Parser::parse_sql(&dialect, sql).map_err(|e| e.to_string())?;
    let [Statement::Query(query)] = parsed.as_slice() else {
        return Err("not one query".to_owned());
    };
    if !matches!(*query.body, SetExpr::Select(_)) || query.limit_clause.is_some() {
        return Err("not a plain select".to_owned());
    }
    let Some(OrderByKind::Expressions(order)) = query.order_by.as_ref().map(|by| &by.kind) else {
        return Err("no order".to_owned());
    };
    if order.iter().any(|by| by.options.nulls_first != Some(false) || by.options.asc.is_none()) {
        return Err("an order that does not say where nulls go".to_owned());
    }
    let fault = visit_expressions(&parsed, |expression| {
        let fault = if let Expr::Function(call) = expression {
            let name = call.name.to_string();
            (!PORTABLE.contains(&name.as_str())).then(|| format!("function {name}"))
        } else if let Expr::Identifier(name) = expression {
            name.quote_style.map(|_| format!("quoted name {name}"))
        } else if let Expr::BinaryOp { op, .. } = expression {
            (*op == BinaryOperator::Divide).then(|| "division".to_owned())
        } else {
            let own = matches!(
                expression,
                Expr::ILike { .. } | Expr::RLike { .. } | Expr::Cast { .. } | Expr::Extract { .. }
            );
            own.then(|| format!("engine's own: {expression}"))
        };
        fault.map_or(ControlFlow::Continue(()), ControlFlow::Break)
    });
    match fault {
        ControlFlow::Break(fault) => Err(fault),
        ControlFlow::Continue(()) => Ok(()),
    }
}

#[test]
fn questions_keep_to_the_dialect_that_every_engine_reads_alike() {
    for question in questions().unwrap() {
        let sql = question.at(&times()).unwrap();
        assert_eq!(stays_portable(&sql), Ok(()), "{}", question.id);
        assert_eq!(question.source, "case_table");
    }
    let order = "ORDER BY a ASC NULLS LAST";
    for wrong in [
        format!("SELECT strftime(a) FROM t {order}"),
        format!("SELECT \"a\" FROM t {order}"),
        format!("SELECT a / 2 FROM t {order}"),
        format!("SELECT a FROM t WHERE a ILIKE 'x' {order}"),
        "SELECT a FROM t ORDER BY a".to_owned(),
        "SELECT a FROM t".to_owned(),
    ] {
        assert!(stays_portable(&wrong).is_err(), "{wrong}");
    }
}
