//! Tables that people have, each with what it lacks.

use super::*;

/// AWS's current table, as its documentation has it.
const CURRENT: &[(&str, &str)] = &[
    ("eventversion", "string"),
    (
        "useridentity",
        "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,\
         accesskeyid:string,username:string,onbehalfof:struct<userid:string,\
         identitystorearn:string>,sessioncontext:struct<attributes:struct<\
         mfaauthenticated:string,creationdate:string>,sessionissuer:struct<type:string,\
         principalid:string,arn:string,accountid:string,username:string>,\
         ec2roledelivery:string,webidfederationdata:struct<federatedprovider:string,\
         attributes:map<string,string>>>>",
    ),
    ("eventtime", "string"),
    ("eventsource", "string"),
    ("eventname", "string"),
    ("awsregion", "string"),
    ("sourceipaddress", "string"),
    ("useragent", "string"),
    ("errorcode", "string"),
    ("errormessage", "string"),
    ("requestparameters", "string"),
    ("responseelements", "string"),
    ("additionaleventdata", "string"),
    ("requestid", "string"),
    ("eventid", "string"),
    ("readonly", "string"),
    ("resources", "array<struct<arn:string,accountid:string,type:string>>"),
    ("eventtype", "string"),
    ("apiversion", "string"),
    ("recipientaccountid", "string"),
    ("serviceeventdetails", "string"),
    ("sharedeventid", "string"),
    ("vpcendpointid", "string"),
    ("eventcategory", "string"),
    ("sessioncredentialfromconsole", "string"),
    ("tlsdetails", "struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string>"),
];

fn table(change: impl Fn(&str, &str) -> Option<String>) -> Vec<(String, Shape)> {
    let columns = CURRENT.iter().filter_map(|(name, shape)| Some((*name, change(name, shape)?)));
    columns.map(|(name, shape)| (name.to_owned(), Shape::parse(&shape))).collect()
}

fn names(columns: &Columns) -> Vec<&str> {
    columns.missing.iter().map(|column| column.name.as_str()).collect()
}

fn complete(name: &str, shape: &str) -> Option<String> {
    let shape = shape.replace("ec2roledelivery:string", "sourceidentity:string");
    let end = shape.len() - 1;
    let with = || format!("{},credentialid:string>", &shape[..end]);
    Some(if name == "useridentity" { with() } else { shape })
}

#[test]
fn a_table_with_all_columns_is_named_as_it_is() {
    let columns = Columns::of(&table(complete)).unwrap();
    assert_eq!(columns, Columns::default());
    let said = columns.relation("\"t\"", "\"dt\" = 'x'");
    assert_eq!(said, ("\"t\"".to_owned(), "\"dt\" = 'x'".to_owned()));
}

#[test]
fn awss_current_table_lacks_two_fields_of_the_caller_and_both_are_empty() {
    let columns = Columns::of(&table(|_, shape| Some(shape.to_owned()))).unwrap();
    let lacks = ["useridentity.sessioncontext.sourceidentity", "useridentity.credentialid"];
    assert_eq!(names(&columns), lacks);
    assert_eq!(columns.missing[0].leaves_empty, ["source_identity"]);
    let (relation, partitions) = columns.relation("\"t\"", "\"dt\" = 'x'");
    assert_eq!(partitions, "1 = 1");
    assert!(relation.contains("WHERE\n    \"dt\" = 'x'"), "{relation}");
    // The rest of the caller is taken field by field, each at its place in the type: the table has
    // the fields of a session in another order, and one more.
    for part in [
        "CAST(ROW(useridentity.type, ",
        "CAST(ROW(useridentity.sessioncontext.attributes.creationdate, \
         useridentity.sessioncontext.attributes.mfaauthenticated) \
         AS ROW(\"creationdate\" varchar, \"mfaauthenticated\" varchar))",
        "CAST(ROW(useridentity.sessioncontext.sessionissuer.type, \
         useridentity.sessioncontext.sessionissuer.arn, \
         useridentity.sessioncontext.sessionissuer.principalid, \
         useridentity.sessioncontext.sessionissuer.username) \
         AS ROW(\"type\" varchar, \"arn\" varchar, \"principalid\" varchar, \"username\" varchar))",
        "\"sourceidentity\" varchar)",
        "AS useridentity,",
        "\n      tlsdetails,",
    ] {
        assert!(relation.contains(part), "{part}: {relation}");
    }
}

#[test]
fn an_older_table_lacks_whole_columns_and_says_what_stays_empty() {
    let gone = ["tlsdetails", "sessioncredentialfromconsole", "eventcategory", "resources"];
    let older = table(|name, shape| complete(name, shape).filter(|_| !gone.contains(&name)));
    let columns = Columns::of(&older).unwrap();
    let lacks = ["eventcategory", "sessioncredentialfromconsole", "tlsdetails.tlsversion"];
    assert_eq!(names(&columns), [&lacks[..], &["resources"]].concat());
    let (relation, _) = columns.relation("t", "1 = 1");
    for part in [
        "CAST(NULL AS varchar) AS eventcategory,",
        "CAST(ROW(CAST(NULL AS varchar)) AS ROW(\"tlsversion\" varchar)) AS tlsdetails,",
        "CAST(NULL AS array(ROW(\"arn\" varchar))) AS resources,",
        "\n      useridentity,",
    ] {
        assert!(relation.contains(part), "{part}: {relation}");
    }
}

#[test]
fn values_of_other_types_are_written_as_cloudtrail_writes_them() {
    let typed = table(|name, shape| {
        Some(match name {
            "readonly" => "boolean".to_owned(),
            "eventtime" => "timestamp".to_owned(),
            "recipientaccountid" => "bigint".to_owned(),
            "useridentity" | "resources" => "string".to_owned(),
            _ => shape.to_owned(),
        })
    });
    let columns = Columns::of(&typed).unwrap();
    assert!(columns.has_times && columns.missing.is_empty(), "{columns:?}");
    let (relation, _) = columns.relation("t", "1 = 1");
    for part in [
        "CAST(readonly AS varchar) AS readonly",
        "lpad(CAST(recipientaccountid AS varchar), 12, '0') AS recipientaccountid",
        "date_format(eventtime, '%Y-%m-%dT%H:%i:%sZ') AS eventtime",
        "json_extract_scalar(useridentity, '$.accessKeyId')",
        "json_extract_scalar(useridentity, '$.sessionContext.sessionIssuer.arn')",
        "CAST(ARRAY[ROW(json_extract_scalar(resources, '$[0].ARN'))]",
    ] {
        assert!(relation.contains(part), "{part}: {relation}");
    }
}

#[test]
fn what_is_no_table_of_a_trail_is_refused_with_what_it_lacks() {
    let flow_logs = ["interface_id", "srcaddr", "dstaddr"];
    let flow_logs = flow_logs.map(|name| (name.to_owned(), Shape::Text));
    let lacks = Columns::of(&flow_logs).unwrap_err();
    for name in ["eventtime", "eventname", "useridentity.accesskeyid", "requestparameters"] {
        assert!(lacks.contains(name), "{name}: {lacks}");
    }
    assert!(!lacks.contains("tlsdetails"), "a trail without it is a trail: {lacks}");
    // As in a data store that keeps them as maps, which our paths would find nothing in.
    let maps = table(|name, shape| {
        let is_map = name == "requestparameters";
        Some(if is_map { "map<string,string>".to_owned() } else { shape.to_owned() })
    });
    assert_eq!(Columns::of(&maps).unwrap_err(), "requestparameters as a text, not as map");
}

#[test]
fn every_column_that_a_query_names_is_among_these() {
    let queries = [
        include_str!("../../../queries/athena/cut.sql"),
        include_str!("../../../queries/athena/mint_edges.sql"),
        include_str!("../../../queries/athena/coverage.sql"),
    ];
    let known: Vec<&str> = COLUMNS.iter().map(|field| field.name).collect();
    for query in queries {
        let (_, from) = query.split_once("\n  SELECT").unwrap_or(query.split_at(0));
        let (list, _) = from.split_once("FROM {table}").unwrap();
        let words = list.split(|c: char| !c.is_ascii_lowercase());
        let words = words.filter(|word| !["", "distinct", "copies", "count"].contains(word));
        if query.contains("WITH records") {
            let words: Vec<&str> = words.collect();
            assert_eq!(words.len(), COLUMNS.len(), "{words:?}");
            assert!(words.iter().all(|word| known.contains(word)), "{words:?}");
        }
        // Fields of the caller are named by their whole paths.
        for path in query.split("useridentity.").skip(1) {
            let name = path.split(|c: char| !c.is_ascii_lowercase()).next().unwrap();
            assert!(IDENTITY.iter().any(|field| field.name == name), "{name}");
        }
    }
}
