// Trino as a judge of our SQL, within one process and without a port: one JSON question a line in,
// one JSON answer a line out.
//
//     {"op": "trail", "name": n, "files": [...], "columns": [[name, type], ...], "days": column}
//     {"op": "table", "name": n, "ddl": "CREATE TABLE ...", "rows": [[...], ...]}
//                                              -> {"rows": count}
//     {"op": "query" or "athena", "sql": s, "parameters": [...]} (or "literals")
//                                              -> {"columns": [...], "rows": [[...], ...]}
//
// `trail` makes a table of delivered objects as Athena's reader would fill it, its types as a
// catalog writes them. Parameters are handed over as Athena does it: the text is prepared, and
// executed with a literal for each. A question that fails is answered with {"error": text}.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trino.Session;
import io.trino.metadata.InsertTableHandle;
import io.trino.metadata.Metadata;
import io.trino.metadata.QualifiedObjectName;
import io.trino.metadata.TableHandle;
import io.trino.plugin.memory.MemoryConnectorFactory;
import io.trino.spi.PageBuilder;
import io.trino.spi.block.ArrayBlockBuilder;
import io.trino.spi.block.BlockBuilder;
import io.trino.spi.block.RowBlockBuilder;
import io.trino.spi.connector.ColumnHandle;
import io.trino.spi.connector.ColumnMetadata;
import io.trino.spi.connector.ConnectorPageSink;
import io.trino.spi.connector.ConnectorTableMetadata;
import io.trino.spi.connector.SaveMode;
import io.trino.spi.type.ArrayType;
import io.trino.spi.type.BigintType;
import io.trino.spi.type.BooleanType;
import io.trino.spi.type.DateType;
import io.trino.spi.type.IntegerType;
import io.trino.spi.type.RowType;
import io.trino.spi.type.TimeZoneKey;
import io.trino.spi.type.TimestampType;
import io.trino.spi.type.Type;
import io.trino.spi.type.VarcharType;
import io.trino.sql.parser.SqlParser;
import io.trino.sql.tree.ColumnDefinition;
import io.trino.sql.tree.CreateTable;
import io.trino.sql.tree.TableElement;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedResult;
import io.trino.testing.MaterializedRow;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

import static io.trino.testing.TestingSession.testSessionBuilder;

public final class TrinoJudge {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Pattern PLACE = Pattern.compile(
            "AWSLogs/(?:o-[^/]+/)?(\\d{12})/CloudTrail/([^/]+)/(\\d{4}/\\d{2}/\\d{2})/");
    private static final SqlParser PARSER = new SqlParser();
    private static final String CATALOG = "memory";
    private static final String SCHEMA = "default";

    private final LocalQueryRunner runner;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Whatever else is written must not come between the answers.
        System.setOut(System.err);
        Logger.getLogger("").setLevel(Level.SEVERE);
        TrinoJudge judge = new TrinoJudge();
        BufferedReader questions = new BufferedReader(
                new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            answers.println(JSON.writeValueAsString(judge.answer(JSON.readTree(line))));
        }
        System.exit(0);
    }

    private TrinoJudge() {
        Session session = testSessionBuilder()
                .setCatalog(CATALOG)
                .setSchema(SCHEMA)
                .setTimeZoneKey(TimeZoneKey.UTC_KEY)
                .build();
        runner = LocalQueryRunner.create(session);
        runner.createCatalog(CATALOG, new MemoryConnectorFactory(), Map.of());
    }

    private ObjectNode answer(JsonNode question) {
        try {
            switch (question.get("op").asText()) {
                case "trail":
                    return load(question, declared(question.get("columns")), records(question));
                case "table":
                    List<ColumnMetadata> columns = declared(question.get("ddl").asText());
                    return load(question, columns, rows(question, columns));
                case "query":
                case "athena":
                    List<String> literals = new ArrayList<>();
                    question.path("literals").forEach(one -> literals.add(one.asText()));
                    question.path("parameters").forEach(one ->
                            literals.add("'" + one.asText().replace("'", "''") + "'"));
                    return ask(question.get("sql").asText(), literals);
                default:
                    throw new IllegalArgumentException("no such question: " + question);
            }
        }
        catch (Exception failure) {
            return NODES.objectNode().put("error", failure.toString());
        }
    }

    /** Runs a text with a literal for each of its marks. */
    private ObjectNode ask(String sql, List<String> literals) {
        Session.SessionBuilder session = Session.builder(runner.getDefaultSession());
        String text = sql;
        if (!literals.isEmpty()) {
            session.addPreparedStatement("asked", sql);
            text = "EXECUTE asked USING " + String.join(", ", literals);
        }
        MaterializedResult found = runner.execute(session.build(), text);
        ObjectNode answer = NODES.objectNode();
        found.getColumnNames().forEach(answer.putArray("columns")::add);
        ArrayNode rows = answer.putArray("rows");
        for (MaterializedRow row : found) {
            ArrayNode cells = rows.addArray();
            row.getFields().forEach(cell ->
                    cells.addPOJO(cell instanceof BigDecimal exact ? exact.doubleValue() : cell));
        }
        return answer;
    }

    /** Makes a table anew and puts rows into it, each a JSON object by the columns' names. */
    private ObjectNode load(
            JsonNode question, List<ColumnMetadata> columns, List<ObjectNode> rows) {
        Metadata metadata = runner.getMetadata();
        QualifiedObjectName place =
                new QualifiedObjectName(CATALOG, SCHEMA, question.get("name").asText());
        Function<Session, TableHandle> table = session ->
                metadata.getTableHandle(session, place).orElse(null);
        runner.inTransaction(session -> {
            TableHandle old = table.apply(session);
            if (old != null) {
                metadata.dropTable(session, old, place.asCatalogSchemaTableName());
            }
            metadata.createTable(session, CATALOG,
                    new ConnectorTableMetadata(place.asSchemaTableName(), columns), SaveMode.FAIL);
            return null;
        });
        runner.inTransaction(session -> {
            Map<String, ColumnHandle> handles =
                    metadata.getColumnHandles(session, table.apply(session));
            List<ColumnHandle> inOrder =
                    columns.stream().map(column -> handles.get(column.getName())).toList();
            InsertTableHandle insert =
                    metadata.beginInsert(session, table.apply(session), inOrder);
            ConnectorPageSink sink = runner.getConnector(CATALOG).getPageSinkProvider()
                    .createPageSink(insert.getTransactionHandle(),
                            session.toConnectorSession(insert.getCatalogHandle()),
                            insert.getConnectorHandle(), () -> 0);
            List<Type> types = columns.stream().map(ColumnMetadata::getType).toList();
            PageBuilder page = new PageBuilder(types);
            for (ObjectNode row : rows) {
                page.declarePosition();
                for (int at = 0; at < columns.size(); at++) {
                    ColumnMetadata column = columns.get(at);
                    write(column.getType(), page.getBlockBuilder(at), row.get(column.getName()));
                }
            }
            sink.appendPage(page.build());
            return metadata.finishInsert(session, insert, sink.finish().join(), List.of());
        });
        return NODES.objectNode().put("rows", rows.size());
    }

    /** What Athena's reader of JSON makes of a value. */
    private static void write(Type type, BlockBuilder to, JsonNode value) {
        if (value == null || value.isNull()) {
            to.appendNull();
        }
        else if (type instanceof RowType row) {
            Map<String, JsonNode> small = new HashMap<>();
            value.fields().forEachRemaining(field ->
                    small.put(field.getKey().toLowerCase(), field.getValue()));
            ((RowBlockBuilder) to).buildEntry(builders -> {
                for (int at = 0; at < builders.size(); at++) {
                    RowType.Field field = row.getFields().get(at);
                    write(field.getType(), builders.get(at), small.get(field.getName().get()));
                }
            });
        }
        else if (type instanceof ArrayType list) {
            ((ArrayBlockBuilder) to).buildEntry(builder ->
                    value.forEach(one -> write(list.getElementType(), builder, one)));
        }
        else if (type instanceof VarcharType text) {
            // A text is all that such a column can hold of an object or a list.
            text.writeString(to, value.isContainerNode() ? value.toString() : value.asText());
        }
        else if (type instanceof TimestampType) {
            Instant time = Instant.parse(value.asText());
            type.writeLong(to, ChronoUnit.MICROS.between(Instant.EPOCH, time));
        }
        else if (type instanceof BooleanType) {
            type.writeBoolean(to, Boolean.parseBoolean(value.asText()));
        }
        else if (type instanceof DateType) {
            type.writeLong(to, LocalDate.parse(value.asText()).toEpochDay());
        }
        else if (type instanceof BigintType || type instanceof IntegerType) {
            type.writeLong(to, Long.parseLong(value.asText()));
        }
        else {
            throw new IllegalArgumentException("no value of a trail is a " + type);
        }
    }

    /** The columns of a statement that makes a table. */
    private List<ColumnMetadata> declared(String ddl) {
        List<ColumnMetadata> columns = new ArrayList<>();
        for (TableElement element : ((CreateTable) PARSER.createStatement(ddl)).getElements()) {
            ColumnDefinition column = (ColumnDefinition) element;
            columns.add(column(column.getName().toString(), column.getType().toString()));
        }
        return columns;
    }

    private ColumnMetadata column(String name, String type) {
        return new ColumnMetadata(
                name, runner.getPlannerContext().getTypeManager().fromSqlType(type));
    }

    /** Columns of types as a catalog writes them, such as `array<struct<arn:string>>`. */
    private List<ColumnMetadata> declared(JsonNode pairs) {
        List<ColumnMetadata> columns = new ArrayList<>();
        for (JsonNode pair : pairs) {
            String type = pair.get(1).asText()
                    .replaceAll("\\bstring\\b(?!:)", "varchar")
                    .replaceAll("\\btimestamp\\b(?!:)", "timestamp(3)")
                    .replaceAll("(\\w+):", "\"$1\" ")
                    .replace("struct<", "row(").replace("array<", "array(").replace('>', ')');
            columns.add(column(pair.get(0).asText(), type));
        }
        return columns;
    }

    private static List<ObjectNode> rows(JsonNode question, List<ColumnMetadata> columns) {
        List<ObjectNode> rows = new ArrayList<>();
        for (JsonNode values : question.get("rows")) {
            ObjectNode row = NODES.objectNode();
            for (int at = 0; at < columns.size(); at++) {
                row.set(columns.get(at).getName(), values.get(at));
            }
            rows.add(row);
        }
        return rows;
    }

    /** Every record of the objects, its names small, with what the place of its object says. */
    private static List<ObjectNode> records(JsonNode question) throws Exception {
        List<ObjectNode> rows = new ArrayList<>();
        for (JsonNode file : question.get("files")) {
            Matcher place = PLACE.matcher(file.asText());
            if (!place.find()) {
                throw new IllegalArgumentException("not a delivered object: " + file);
            }
            try (GZIPInputStream object = new GZIPInputStream(new FileInputStream(file.asText()))) {
                for (JsonNode record : JSON.readTree(object).path("Records")) {
                    ObjectNode row = NODES.objectNode();
                    record.fields().forEachRemaining(field ->
                            row.set(field.getKey().toLowerCase(), field.getValue()));
                    row.put(question.get("days").asText(), place.group(3));
                    rows.add(row);
                }
            }
        }
        return rows;
    }
}
