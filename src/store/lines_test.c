/* Export and import: every row of every kind comes back as it was, and nothing is taken from a file
 * that is not sound as a whole. */
#include "store/sqlite_rig_test.h"

#include <math.h>

static char text[1 << 20];

/* An open file with this content. */
static FILE *file_of(const char *content)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(fwrite(content, 1, strlen(content), f), strlen(content));
    return f;
}

/* The export of a store, in `text`. */
static uint64_t export_text(lw_store *store)
{
    uint64_t rows = 0;
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_ok(lw_store_export(store, f, &rows));
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return rows;
}

static void fill(lw_store *store)
{
    uint64_t nan_bits = 0xFFF0000000000001u;
    double nan_number;
    memcpy(&nan_number, &nan_bits, sizeof nan_number);
    lw_row odd = {.kind = LW_ROW_SETTING,
                  .as.document = {.key = BYTES("a\0b"), .text = BYTES("\xff\0\xfe")}};
    lw_row largest = request_row(UINT64_MAX, "e");
    largest.as.request.created_at = INT64_MIN;
    const lw_value values[] = {
        lw_value_none(),
        lw_value_string("t\xe2\x82\xac\n\"\\"),
        lw_value_bytes(LW_TYPE_STRING, BYTES("\xff")),
        lw_value_integer(INT64_MIN),
        lw_value_integer(((int64_t)1 << 53) + 1),
        lw_value_unsigned(UINT64_MAX),
        lw_value_float(0.1),
        lw_value_float(-0.0),
        lw_value_float(5e-324),
        lw_value_float(1.7976931348623157e308),
        lw_value_float((double)INFINITY),
        lw_value_float(nan_number),
        lw_value_single(1.1f),
        lw_value_boolean(true),
        lw_value_bytes(LW_TYPE_OPAQUE, BYTES("\0\xff\0")),
        lw_value_time(-1),
        lw_value_objlnk(65535, 65535),
        lw_value_bytes(LW_TYPE_CORELNK, BYTES("</3/0>")),
    };
    rig_put(store, device_row("urn:dev:\xc3\xa9", UINT64_MAX));
    rig_put(store, device_row("\xff not utf-8", 2));
    rig_put(store, wish_row("e", "/3/0/9 /4"));
    rig_put(store, request_row(7, "e"));
    rig_put(store, largest);
    for (int kind = LW_ROW_CREDENTIAL; kind < LW_ROW_KIND_COUNT; kind++) {
        rig_put(store, document_row((lw_row_kind)kind, "k", "{\"secret\": \"0011\"}"));
    }
    rig_put(store, odd);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        rig_put(store,
                value_row("e", lw_path_resource(3, 0, (uint16_t)(i % 3)), -(lw_time)i, values[i]));
    }
    /* Numbers whose rows are gone. */
    lw_row gone = request_row((uint64_t)3 << 56 | 99, "e");
    rig_put(store, gone);
    assert_ok(store->ops->remove(store, &gone, LW_URGENT, NULL));
    rig_put(store, document_row(LW_ROW_TOKEN, "last", "{}"));
}

static void expect_same(lw_store *a, lw_store *b)
{
    for (int kind = 0; kind < LW_ROW_KIND_COUNT; kind++) {
        basket left = {0}, right = {0};
        assert_ok(a->ops->each(a, (lw_row_kind)kind, basket_take, &left));
        assert_ok(b->ops->each(b, (lw_row_kind)kind, basket_take, &right));
        assert_int_equal(left.count, right.count);
        assert_true(left.count > 0);
        for (size_t i = 0; i < left.count; i++) {
            assert_same_row(left.rows[i], right.rows[i]);
        }
        basket_empty(&left);
        basket_empty(&right);
    }
    for (unsigned shard = 0; shard < 256; shard++) {
        uint64_t left, right;
        assert_ok(a->ops->highest(a, LW_ROW_REQUEST, (uint8_t)shard, &left));
        assert_ok(b->ops->highest(b, LW_ROW_REQUEST, (uint8_t)shard, &right));
        assert_true(left == right);
        assert_ok(a->ops->highest(a, LW_ROW_DEVICE, (uint8_t)shard, &left));
        assert_ok(b->ops->highest(b, LW_ROW_DEVICE, (uint8_t)shard, &right));
        assert_true(left == right);
    }
}

/* One store into the other, by a file. Returns the rows. */
static uint64_t carry_over(lw_store *from, lw_store *to)
{
    char why[LW_STORE_WHY_MAX];
    uint64_t exported = 0, imported = 0;
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_ok(lw_store_export(from, f, &exported));
    if (lw_store_import(to, f, &imported, why, sizeof why) != LW_OK) {
        fail_msg("%s", why);
    }
    fclose(f);
    assert_true(exported == imported);
    return imported;
}

LW_TEST(every_row_of_every_kind_is_carried_over_and_back)
{
    lw_store *memory = lw_store_memory_new();
    lw_store *back = lw_store_memory_new();
    rig_make_dir();
    lw_store *sqlite = rig_open(NULL);
    fill(memory);
    assert_int_equal(carry_over(memory, sqlite), 30);
    expect_same(memory, sqlite);
    carry_over(sqlite, back);
    expect_same(memory, back);
    rig_close(memory);
    rig_close(back);
    rig_close(sqlite);
    rig_remove_dir();
}

LW_TEST(many_rows_are_carried_over)
{
    lw_store *from = lw_store_memory_new();
    rig_make_dir();
    lw_store *to = rig_open(NULL);
    for (uint64_t i = 1; i <= 12000; i++) {
        lw_row row = request_row(i, "e");
        assert_ok(from->ops->put(from, &row, LW_LAZY, NULL));
    }
    assert_int_equal(carry_over(from, to), 12000);
    assert_int_equal(rig_count(to, LW_ROW_REQUEST), 12000);
    rig_close(from);
    rig_close(to);
    rig_remove_dir();
}

LW_TEST(an_export_can_be_made_while_a_server_runs)
{
    rig_make_dir();
    lw_store *server = rig_open(NULL);
    rig_put(server, device_row("a", 1));
    lw_store *reader = rig_open(&(lw_store_options){.read_only = true});
    rig_put(server, device_row("b", 2));
    assert_int_equal(export_text(reader), 1);
    assert_non_null(strstr(text, "\"endpoint\":\"a\""));
    assert_null(strstr(text, "\"endpoint\":\"b\""));
    rig_close(reader);
    rig_close(server);
    rig_remove_dir();
}

/* The documented form, octet by octet: scripts read it. */
LW_TEST(lines_are_as_documented)
{
    lw_store *store = lw_store_memory_new();
    rig_put(store, wish_row("e", "/3/0/9"));
    rig_put(store, value_row("e", lw_path_resource(3, 0, 9), 1700000000000, lw_value_integer(95)));
    rig_put(store, document_row(LW_ROW_TOKEN, "admin", "{}"));
    rig_put(store, request_row((uint64_t)1 << 56 | 2, "e"));
    assert_int_equal(export_text(store), 4);
    assert_string_equal(
        text, "{\"lapwing\":\"store\",\"version\":1}\n"
              "{\"kind\":\"highest\",\"of\":\"request\",\"number\":\"72057594037927938\"}\n"
              "{\"kind\":\"wish\",\"endpoint\":\"e\",\"target\":\"/3/0/9\",\"composite\":true,"
              "\"attributes\":\"pmin=5&pmax=60\",\"format\":65535,\"created_at\":-1}\n"
              "{\"kind\":\"request\",\"id\":\"72057594037927938\",\"endpoint\":\"e\",\"op\":7,"
              "\"path\":\"/3/0/9\",\"body\":\"gaEA/wA=\",\"arguments\":\"0='a',1\",\"format\":112,"
              "\"depth\":3,\"force\":true,\"timeout_ms\":93000,\"created_at\":1700000000001,"
              "\"expires_at\":\"9223372036854775807\",\"state\":3,\"code\":69,\"err\":-15,"
              "\"answer_format\":11543,\"answer\":\"AAEC\",\"ended_at\":1700000002000}\n"
              "{\"kind\":\"value\",\"endpoint\":\"e\",\"path\":\"/3/0/9\",\"at\":1700000000000,"
              "\"received_at\":1700000000017,\"source\":1,"
              "\"value\":{\"type\":\"Integer\",\"single\":false,\"value\":95}}\n"
              "{\"kind\":\"token\",\"key\":\"admin\",\"text\":\"{}\"}\n"
              "{\"kind\":\"end\",\"rows\":4}\n");
    rig_close(store);
}

LW_TEST(an_export_that_cannot_be_written_is_told)
{
    lw_store *store = lw_store_memory_new();
    uint64_t rows;
    fill(store);
    FILE *f = fopen("/dev/full", "w");
    assert_non_null(f);
    assert_err(lw_store_export(store, f, &rows), LW_EIO);
    fclose(f);
    rig_close(store);
}

#define HEAD  "{\"lapwing\":\"store\",\"version\":1}\n"
#define TOKEN "{\"kind\":\"token\",\"key\":\"k\",\"text\":\"\"}\n"
#define END   "{\"kind\":\"end\",\"rows\":1}\n"

/* It is refused with these words, and nothing of it is in the store. */
static void expect_refusal(const char *content, const char *words)
{
    lw_store *store = lw_store_memory_new();
    char why[LW_STORE_WHY_MAX];
    uint64_t rows;
    FILE *f = file_of(content);
    assert_err(lw_store_import(store, f, &rows, why, sizeof why), LW_EFORMAT);
    fclose(f);
    if (strstr(why, words) == NULL) {
        fail_msg("\"%s\" was expected in \"%s\"", words, why);
    }
    assert_int_equal(rig_count(store, LW_ROW_TOKEN), 0);
    rig_close(store);
}

LW_TEST(a_file_that_is_no_sound_export_changes_nothing)
{
    expect_refusal("", "the end is missing");
    expect_refusal("hello\n", "line 1: '[' or '{' expected");
    expect_refusal("{}\n", "line 1: this is no export");
    expect_refusal("{\"lapwing\":\"store\",\"version\":2}\n", "another version");
    expect_refusal(HEAD TOKEN, "line 2: the end is missing");
    expect_refusal(HEAD TOKEN "{\"kind\":\"end\",\"rows\":2}\n", "line 3: 1 rows were there");
    expect_refusal(HEAD TOKEN END TOKEN, "line 4: something follows the end");
    expect_refusal(HEAD TOKEN "{\"kind\":\"tok", "line 3: ");
    expect_refusal(HEAD TOKEN "{\"kind\":\"cat\"}\n" END, "line 3: kind is missing or wrong");
    expect_refusal(HEAD TOKEN "{\"kind\":\"token\",\"key\":\"k\"}\n" END,
                   "line 3: text is missing or wrong");
    expect_refusal(HEAD TOKEN "{\"kind\":\"token\",\"key\":\"\",\"text\":\"\"}\n" END,
                   "line 3: a row that no store takes");
    expect_refusal(HEAD TOKEN "{\"kind\":\"token\",\"key\":\"k\",\"text\":\"\",\"more\":1}\n" END,
                   "line 3: a name that is not known");
    expect_refusal(HEAD TOKEN "{\"kind\":\"token\",\"key\":\"k\",\"key\":\"l\",\"text\":\"\"}\n",
                   "line 3: duplicate");
    expect_refusal(HEAD TOKEN "{\"kind\":\"highest\",\"of\":\"device\",\"number\":1}\n" END,
                   "line 3: a highest number");
    expect_refusal(HEAD "{\"kind\":\"highest\",\"of\":\"wish\",\"number\":1}\n" TOKEN END,
                   "line 2: a highest number");
}

#define VALUE_LINE(path, value)                                                     \
    HEAD TOKEN "{\"kind\":\"value\",\"endpoint\":\"e\",\"path\":" path ",\"at\":1," \
               "\"received_at\":1,\"source\":0,\"value\":{\"type\":" value "}}\n" END

LW_TEST(a_field_of_the_wrong_kind_is_named)
{
    expect_refusal(VALUE_LINE("\"3/0\"", "\"Integer\",\"single\":false,\"value\":1"), "path is");
    const char *const wrong[] = {
        VALUE_LINE("\"/3\"", "\"Whole\",\"single\":false,\"value\":1"),
        VALUE_LINE("\"/3\"", "\"Integer\",\"single\":0,\"value\":1"),
        VALUE_LINE("\"/3\"", "\"Integer\",\"single\":false,\"value\":\"x\""),
        VALUE_LINE("\"/3\"", "\"Integer\",\"single\":false,\"value\":1.5"),
        VALUE_LINE("\"/3\"", "\"Unsigned Integer\",\"single\":false,\"value\":-1"),
        VALUE_LINE("\"/3\"", "\"Float\",\"single\":false,\"value\":\"0x12\""),
        VALUE_LINE("\"/3\"", "\"Float\",\"single\":false,\"value\":\"0x7ff800000000000g\""),
        VALUE_LINE("\"/3\"", "\"Boolean\",\"single\":false,\"value\":1"),
        VALUE_LINE("\"/3\"", "\"Opaque\",\"single\":false,\"value\":\"*\""),
        VALUE_LINE("\"/3\"", "\"Objlnk\",\"single\":false,\"value\":\"3\""),
        VALUE_LINE("\"/3\"", "\"String\",\"single\":false,\"value\":{\"base64\":\"*\"}"),
        VALUE_LINE("\"/3\"", "\"String\",\"single\":false,\"value\":{\"hex\":\"00\"}"),
        VALUE_LINE("\"/3\"", "\"none\",\"single\":false,\"value\":0"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        expect_refusal(wrong[i], "line 3: value is missing or wrong");
    }
}

LW_TEST(a_store_that_has_rows_takes_no_import)
{
    lw_store *store = lw_store_memory_new();
    char why[LW_STORE_WHY_MAX];
    uint64_t rows;
    rig_put(store, device_row("e", 1));
    FILE *f = file_of(HEAD TOKEN END);
    assert_err(lw_store_import(store, f, &rows, why, sizeof why), LW_ESTATE);
    assert_string_equal(why, "the store is not empty");
    fclose(f);
    rig_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_every_kind_is_carried_over_and_back),
        cmocka_unit_test(many_rows_are_carried_over),
        cmocka_unit_test(an_export_can_be_made_while_a_server_runs),
        cmocka_unit_test(lines_are_as_documented),
        cmocka_unit_test(an_export_that_cannot_be_written_is_told),
        cmocka_unit_test(a_file_that_is_no_sound_export_changes_nothing),
        cmocka_unit_test(a_field_of_the_wrong_kind_is_named),
        cmocka_unit_test(a_store_that_has_rows_takes_no_import),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
