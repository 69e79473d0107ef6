#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddf/load.h"

#define VECTORS LW_SOURCE_DIR "/tests/vectors/ddf/"

#define ITEM(id, rest)                                                   \
    "<Item ID=\"" id "\"><Name>n" id "</Name><Operations>R</Operations>" \
    "<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory>" rest "</Item>"
#define OBJECT(head, items)                                                                       \
    "<LWM2M><Object ObjectType=\"MODefinition\"><Name>Pump</Name><ObjectID>32769</ObjectID>" head \
    "<MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</"                        \
    "Mandatory><Resources>" items "</Resources></Object></LWM2M>"

/* The whole file; to be freed. */
static lw_bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long len = ftell(file);
    assert_true(len >= 0);
    rewind(file);
    char *data = malloc((size_t)len + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)len, file), (size_t)len);
    data[len] = '\0';
    (void)fclose(file);
    return lw_bytes_of(data, (size_t)len);
}

static lw_ddf *good(const char *xml)
{
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new(NULL, "t.xml", lw_bytes_str(xml), &ddf), LW_OK);
    return ddf;
}

static lw_ddf *bad(lw_bytes xml)
{
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new(NULL, "t.xml", xml, &ddf), LW_EFORMAT);
    assert_non_null(ddf);
    assert_int_equal(ddf->object_count, 0);
    return ddf;
}

static void assert_message(const lw_ddf *ddf, size_t i, const char *expected)
{
    char text[400];
    assert_true(i < ddf->message_count);
    (void)lw_ddf_message_format(ddf, &ddf->messages[i], text, sizeof text);
    assert_string_equal(text, expected);
}

static void an_object_comes_out_with_its_resources_in_order(void **state)
{
    (void)state;
    lw_ddf *ddf = good(OBJECT("<ObjectURN>urn:oma:lwm2m:x:32769:2.1</ObjectURN>"
                              "<LWM2MVersion>1.1</LWM2MVersion><ObjectVersion>2.1</ObjectVersion>"
                              "<Description1>A pump.</Description1>",
                              ITEM("5", "<Type>Float</Type><Units>m3/s</Units>"
                                        "<RangeEnumeration>0..2.5</RangeEnumeration>")
                                  ITEM("2", "<Type>Unsigned Integer</Type>")));
    assert_int_equal(ddf->message_count, 0);
    assert_int_equal(ddf->object_count, 1);
    const lw_object_text *text = &ddf->objects[0];
    assert_string_equal(text->name, "Pump");
    assert_string_equal(text->urn, "urn:oma:lwm2m:x:32769:2.1");
    assert_string_equal(text->description, "A pump.");
    const lw_object_def *def = text->def;
    assert_int_equal(def->id, 32769);
    assert_int_equal(def->major, 2);
    assert_int_equal(def->minor, 1);
    assert_int_equal(def->lwm2m_major, 1);
    assert_int_equal(def->lwm2m_minor, 1);
    assert_int_equal(def->flags, LW_DEF_MULTIPLE);
    assert_int_equal(def->resource_count, 2);
    assert_int_equal(def->resources[0].id, 2);
    assert_int_equal(def->resources[0].type, LW_TYPE_UNSIGNED);
    assert_null(lw_object_def_range(def, &def->resources[0]));
    assert_int_equal(def->resources[1].id, 5);
    assert_int_equal(def->resources[1].ops, LW_OP_R);
    assert_int_equal(lw_object_def_range(def, &def->resources[1])->kind, LW_RANGE_FLOAT);
    assert_true(lw_object_def_range(def, &def->resources[1])->as.bounds[1] == 2.5);
    assert_string_equal(text->resources[1].name, "n5");
    assert_string_equal(text->resources[1].unit, "m3/s");
    assert_string_equal(text->resources[1].range, "0..2.5");
    assert_string_equal(text->resources[0].description, "");
    lw_ddf_free(ddf);
}

static void versions_left_out_are_1_0_and_the_urn_is_built(void **state)
{
    (void)state;
    lw_ddf *ddf = good(OBJECT("<ObjectVersion></ObjectVersion>", ITEM("0", "<Type>Time</Type>")));
    assert_int_equal(ddf->objects[0].def->major, 1);
    assert_int_equal(ddf->objects[0].def->minor, 0);
    assert_int_equal(ddf->objects[0].def->lwm2m_major, 1);
    assert_int_equal(ddf->objects[0].def->lwm2m_minor, 0);
    assert_string_equal(ddf->objects[0].urn, "urn:oma:lwm2m:x:32769");
    assert_string_equal(ddf->objects[0].description, "");
    lw_ddf_free(ddf);
}

static void a_built_urn_tells_class_and_version(void **state)
{
    (void)state;
    char oma[] = OBJECT("<ObjectVersion>1.2</ObjectVersion>", ITEM("0", "<Type>Time</Type>"));
    memcpy(strstr(oma, "32769"), "00004", 5);
    lw_ddf *ddf = good(oma);
    assert_string_equal(ddf->objects[0].urn, "urn:oma:lwm2m:oma:4:1.2");
    lw_ddf_free(ddf);

    char ext[] = OBJECT("", ITEM("0", "<Type>Time</Type>"));
    memcpy(strstr(ext, "32769"), "03303", 5);
    ddf = good(ext);
    assert_string_equal(ddf->objects[0].urn, "urn:oma:lwm2m:ext:3303");
    lw_ddf_free(ddf);
}

static void a_third_number_of_a_version_is_passed_over(void **state)
{
    (void)state;
    lw_ddf *ddf =
        good(OBJECT("<LWM2MVersion>1.2.1</LWM2MVersion>", ITEM("0", "<Type>Time</Type>")));
    assert_int_equal(ddf->objects[0].def->lwm2m_major, 1);
    assert_int_equal(ddf->objects[0].def->lwm2m_minor, 2);
    lw_ddf_free(ddf);
}

static void blanks_are_joined_and_lines_of_a_description_stay(void **state)
{
    (void)state;
    lw_ddf *ddf = good(OBJECT("<Description1>\n  one \t two\r\n\n\n three </Description1>"
                              "<Description2>four</Description2>",
                              ITEM("0", "<Type>\n Integer </Type><Units> m / s\n</Units>"
                                        "<Description> a\n  b </Description>")));
    assert_string_equal(ddf->objects[0].description, "one two\nthree\nfour");
    assert_int_equal(ddf->objects[0].def->resources[0].type, LW_TYPE_INTEGER);
    assert_string_equal(ddf->objects[0].resources[0].unit, "m / s");
    assert_string_equal(ddf->objects[0].resources[0].description, "a\nb");
    lw_ddf_free(ddf);
}

static void a_second_description_can_stand_alone(void **state)
{
    (void)state;
    lw_ddf *ddf = good(OBJECT("<Description1></Description1><Description2>four</Description2>",
                              ITEM("0", "<Type>Time</Type>")));
    assert_string_equal(ddf->objects[0].description, "four");
    lw_ddf_free(ddf);
}

static void cdata_and_markup_in_a_description_are_text(void **state)
{
    (void)state;
    lw_ddf *ddf =
        good(OBJECT("", ITEM("0", "<Type>Time</Type><Description><![CDATA[a <b>c</b> &lt;]]> "
                                  "d <i>e<br/></i>f &amp; g</Description>")));
    assert_string_equal(ddf->objects[0].resources[0].description, "a <b>c</b> &lt; d ef & g");
    assert_int_equal(ddf->message_count, 0);
    lw_ddf_free(ddf);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    lw_ddf *ddf = good("\xEF\xBB\xBF" OBJECT("", ITEM("0", "<Type>Time</Type>")));
    assert_int_equal(ddf->object_count, 1);
    lw_ddf_free(ddf);
}

static void words_are_read_in_any_case(void **state)
{
    (void)state;
    lw_ddf *ddf = good("<LWM2M><Object><Name>Pump</Name><ObjectID>32769</ObjectID>"
                       "<MultipleInstances>SINGLE</MultipleInstances><Mandatory>mandatory"
                       "</Mandatory><Resources><Item ID=\"0\"><Name>n</Name><Operations>rw"
                       "</Operations><MultipleInstances>multiple</MultipleInstances><Mandatory>"
                       "OPTIONAL</Mandatory><Type>Int</Type></Item></Resources></Object></LWM2M>");
    assert_int_equal(ddf->objects[0].def->flags, LW_DEF_MANDATORY);
    assert_int_equal(ddf->objects[0].def->resources[0].flags, LW_DEF_MULTIPLE);
    assert_int_equal(ddf->objects[0].def->resources[0].ops, LW_OP_R | LW_OP_W);
    assert_int_equal(ddf->objects[0].def->resources[0].type, LW_TYPE_INTEGER);
    lw_ddf_free(ddf);
}

static void an_executable_needs_no_type(void **state)
{
    (void)state;
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new_from_file(NULL, VECTORS "good.xml", &ddf), LW_OK);
    assert_int_equal(ddf->message_count, 0);
    assert_int_equal(ddf->objects[0].def->resources[1].ops, LW_OP_E);
    assert_int_equal(ddf->objects[0].def->resources[1].type, LW_TYPE_NONE);
    lw_ddf_free(ddf);
}

static void the_type_of_an_executable_is_dropped(void **state)
{
    (void)state;
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new_from_file(NULL, VECTORS "executable-with-type.xml", &ddf), LW_OK);
    assert_int_equal(ddf->messages[0].severity, LW_DDF_WARNING);
    assert_int_equal(ddf->objects[0].def->resources[0].type, LW_TYPE_NONE);
    lw_ddf_free(ddf);
}

static void ranges_are_bounds_sets_or_text(void **state)
{
    (void)state;
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new_from_file(NULL, VECTORS "odd-ranges.xml", &ddf), LW_OK);
    const lw_object_def *def = ddf->objects[0].def;
    const lw_range *range = lw_object_def_range(def, &def->resources[0]);
    assert_int_equal(range->kind, LW_RANGE_INTEGER);
    assert_int_equal(range->lo, -120);
    assert_int_equal(range->as.hi, -30);
    assert_int_equal(def->resources[1].range, 0);
    assert_string_equal(ddf->objects[0].resources[1].range, "see the specification");
    range = lw_object_def_range(def, &def->resources[4]);
    assert_int_equal(range->kind, LW_RANGE_SET);
    assert_int_equal(range->count, 3);
    assert_int_equal(range->as.numbers[2], 255);
    assert_string_equal(ddf->objects[0].resources[4].range, "0: off 1: on 255: stuck");
    lw_ddf_free(ddf);
}

static void objects_come_in_the_order_of_the_file(void **state)
{
    (void)state;
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new_from_file(NULL, VECTORS "two-objects.xml", &ddf), LW_OK);
    assert_int_equal(ddf->object_count, 2);
    assert_int_equal(ddf->objects[0].def->id, 32769);
    assert_int_equal(ddf->objects[1].def->id, 32770);
    lw_ddf_free(ddf);
}

/* tests/vectors/ddf/messages.txt holds what is to be said of each file there, as
 * "file:line:column: severity: text"; tools/gen_objects is tested with it too. */
static void broken_files_are_refused_with_line_and_column(void **state)
{
    (void)state;
    lw_bytes expected = read_file(VECTORS "messages.txt");
    char *save = NULL;
    char *line = strtok_r((char *)(uintptr_t)expected.ptr, "\n", &save);
    size_t files = 0;
    while (line != NULL) {
        char name[64] = "";
        char path[256];
        memcpy(name, line, strcspn(line, ":"));
        (void)snprintf(path, sizeof path, VECTORS "%s", name);
        lw_bytes xml = read_file(path);
        lw_ddf *ddf = NULL;
        lw_err err = lw_ddf_new(NULL, name, xml, &ddf);
        bool refused = false;
        for (size_t i = 0; i < ddf->message_count; i++) {
            assert_non_null(line);
            assert_message(ddf, i, line);
            refused = refused || ddf->messages[i].severity == LW_DDF_ERROR;
            line = strtok_r(NULL, "\n", &save);
        }
        assert_true(ddf->message_count > 0);
        assert_int_equal(err, refused ? LW_EFORMAT : LW_OK);
        files++;
        lw_ddf_free(ddf);
        free((void *)(uintptr_t)xml.ptr);
    }
    assert_true(files > 25);
    free((void *)(uintptr_t)expected.ptr);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    lw_bytes xml = read_file(VECTORS "odd-ranges.xml");
    const char *end = strstr((const char *)xml.ptr, "</LWM2M>");
    size_t whole = (size_t)(end - (const char *)xml.ptr) + strlen("</LWM2M>");
    for (size_t len = 0; len < whole; len++) {
        lw_ddf *ddf = bad(lw_bytes_of(xml.ptr, len));
        assert_true(ddf->message_count > 0);
        lw_ddf_free(ddf);
    }
    free((void *)(uintptr_t)xml.ptr);
}

static void a_file_above_the_ceiling_is_refused(void **state)
{
    (void)state;
    char *xml = malloc(LW_DDF_MAX_BYTES + 1);
    assert_non_null(xml);
    memset(xml, ' ', LW_DDF_MAX_BYTES + 1);
    lw_ddf *ddf = bad(lw_bytes_of(xml, LW_DDF_MAX_BYTES + 1));
    assert_message(ddf, 0, "t.xml:1:1: error: the file is larger than 4194304 octets");
    assert_int_equal(ddf->message_count, 1);
    lw_ddf_free(ddf);
    free(xml);
}

static void a_file_above_the_ceiling_is_not_read_to_its_end(void **state)
{
    (void)state;
    lw_ddf *ddf = NULL;
    char path[] = "/tmp/lw_ddf_testXXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    assert_non_null(file);
    (void)fputs("<LWM2M>", file);
    for (unsigned i = 0; i < LW_DDF_MAX_BYTES / 8; i++) {
        (void)fputs("        ", file);
    }
    (void)fclose(file);
    assert_int_equal(lw_ddf_new_from_file(NULL, path, &ddf), LW_EFORMAT);
    (void)remove(path);
    assert_string_equal(ddf->messages[0].text, "the file is larger than 4194304 octets");
    lw_ddf_free(ddf);
}

static void a_text_above_the_ceiling_is_refused(void **state)
{
    (void)state;
    size_t head = strlen("<LWM2M><Object><Name>");
    char *xml = malloc(head + LW_DDF_MAX_TEXT + 1);
    assert_non_null(xml);
    memcpy(xml, "<LWM2M><Object><Name>", head);
    memset(xml + head, 'x', LW_DDF_MAX_TEXT + 1);
    lw_ddf *ddf = bad(lw_bytes_of(xml, head + LW_DDF_MAX_TEXT + 1));
    assert_message(ddf, 0, "t.xml:1:16: error: a text is longer than 65535 octets");
    lw_ddf_free(ddf);
    free(xml);
}

static void an_error_is_told_even_after_many_notes(void **state)
{
    (void)state;
    static char xml[2000];
    size_t len = (size_t)snprintf(xml, sizeof xml, "<LWM2M>");
    for (unsigned i = 0; i < LW_DDF_MAX_MESSAGES + 10; i++) {
        len += (size_t)snprintf(xml + len, sizeof xml - len, "<Extra/>");
    }
    (void)snprintf(xml + len, sizeof xml - len, "</LWM2M>");
    lw_ddf *ddf = bad(lw_bytes_str(xml));
    assert_int_equal(ddf->message_count, LW_DDF_MAX_MESSAGES);
    assert_message(ddf, 0, "t.xml:1:1: error: <LWM2M> holds no <Object>");
    lw_ddf_free(ddf);
}

static void a_file_that_is_not_there_is_an_io_failure(void **state)
{
    (void)state;
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new_from_file(NULL, "/nowhere/x.xml", &ddf), LW_EIO);
    assert_message(ddf, 0, "/nowhere/x.xml: error: No such file or directory");
    lw_ddf_free(ddf);
}

static void a_folder_cannot_be_read(void **state)
{
    (void)state;
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new_from_file(NULL, "/", &ddf), LW_EIO);
    assert_int_equal(ddf->message_count, 1);
    lw_ddf_free(ddf);
}

static void a_message_is_cut_to_its_buffer(void **state)
{
    (void)state;
    char out[8];
    lw_ddf *ddf = bad(lw_bytes_str(""));
    assert_int_equal(lw_ddf_message_format(ddf, &ddf->messages[0], out, sizeof out), 7);
    assert_string_equal(out, "t.xml:1");
    lw_ddf_free(ddf);
    lw_ddf_free(NULL);
}

typedef struct failing {
    size_t left; /* requests that still succeed */
    size_t live;
} failing;

static void *failing_alloc(void *ctx, size_t size)
{
    failing *f = ctx;
    if (f->left == 0) {
        return NULL;
    }
    f->left--;
    f->live++;
    return malloc(size);
}

static void failing_release(void *ctx, void *ptr)
{
    failing *f = ctx;
    f->live -= ptr != NULL ? 1 : 0;
    free(ptr);
}

/* Chunks are large, so a file of many resources is needed to ask often. */
static void each_allocation_may_fail(void **state)
{
    (void)state;
    static char xml[200000];
    size_t len = (size_t)snprintf(xml, sizeof xml, "%s",
                                  "<LWM2M><Object><Name>Pump</Name><ObjectID>1</ObjectID>"
                                  "<MultipleInstances>Single</MultipleInstances>"
                                  "<Mandatory>Optional</Mandatory><Resources>");
    for (unsigned i = 0; i < 400; i++) {
        len += (size_t)snprintf(xml + len, sizeof xml - len,
                                "<Item ID=\"%u\"><Name>n</Name><Operations>R</Operations>"
                                "<MultipleInstances>Single</MultipleInstances>"
                                "<Mandatory>Optional</Mandatory><Type>Integer</Type>"
                                "<RangeEnumeration>1,3,%u</RangeEnumeration></Item>",
                                i, i + 9);
    }
    (void)snprintf(xml + len, sizeof xml - len, "</Resources></Object></LWM2M>");
    for (size_t n = 0; n < 1000; n++) {
        failing f = {n, 0};
        lw_mem mem = {failing_alloc, failing_release, &f};
        lw_ddf *ddf = NULL;
        lw_err err = lw_ddf_new(&mem, "t.xml", lw_bytes_str(xml), &ddf);
        lw_ddf_free(ddf);
        assert_int_equal(f.live, 0);
        if (err == LW_OK) {
            assert_true(n > 10);
            return;
        }
        assert_int_equal(err, LW_ENOMEM);
        assert_null(ddf);
    }
    fail_msg("never enough memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_object_comes_out_with_its_resources_in_order),
        cmocka_unit_test(versions_left_out_are_1_0_and_the_urn_is_built),
        cmocka_unit_test(a_built_urn_tells_class_and_version),
        cmocka_unit_test(a_third_number_of_a_version_is_passed_over),
        cmocka_unit_test(blanks_are_joined_and_lines_of_a_description_stay),
        cmocka_unit_test(a_second_description_can_stand_alone),
        cmocka_unit_test(cdata_and_markup_in_a_description_are_text),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(words_are_read_in_any_case),
        cmocka_unit_test(an_executable_needs_no_type),
        cmocka_unit_test(the_type_of_an_executable_is_dropped),
        cmocka_unit_test(ranges_are_bounds_sets_or_text),
        cmocka_unit_test(objects_come_in_the_order_of_the_file),
        cmocka_unit_test(broken_files_are_refused_with_line_and_column),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_file_above_the_ceiling_is_refused),
        cmocka_unit_test(a_file_above_the_ceiling_is_not_read_to_its_end),
        cmocka_unit_test(a_text_above_the_ceiling_is_refused),
        cmocka_unit_test(an_error_is_told_even_after_many_notes),
        cmocka_unit_test(a_file_that_is_not_there_is_an_io_failure),
        cmocka_unit_test(a_folder_cannot_be_read),
        cmocka_unit_test(a_message_is_cut_to_its_buffer),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
