/* The loader against the public object registry (751 files), our own definitions against the facts
 * of that registry, and the generated tables against our own definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddf/load.h"
#include "lw/objects.h"

#define REGISTRY      LW_SOURCE_DIR "/../shared/registry"
#define OBJECTS       LW_SOURCE_DIR "/objects"
#define PATH_MAX_TEXT 512

/* --- Folders ------------------------------------------------------------------------------- */

static bool is_definition(const char *name)
{
    size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".xml") == 0 && name[0] >= '0' && name[0] <= '9';
}

typedef void visit_fn(const char *path, const char *name, void *ctx);

static size_t for_each_definition(const char *folder, visit_fn *visit, void *ctx)
{
    char path[PATH_MAX_TEXT];
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (is_definition(entry->d_name)) {
            (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            visit(path, entry->d_name, ctx);
            count++;
        }
    }
    (void)closedir(dir);
    return count;
}

/* Without the registry these tests prove nothing: that is fine on a developer's machine, which is
 * told so, and a failure in CI. */
static void require_registry(void)
{
    DIR *dir = opendir(REGISTRY);
    if (dir != NULL) {
        (void)closedir(dir);
        return;
    }
    const char *ci = getenv("CI");
    printf("skipped: the object registry is not at %s\n", REGISTRY);
    if (ci != NULL && strcmp(ci, "true") == 0) {
        fail_msg("CI must have the object registry at %s", REGISTRY);
    }
    skip();
}

static lw_ddf *load(const char *path)
{
    char text[400];
    lw_ddf *ddf = NULL;
    lw_err err = lw_ddf_new_from_file(NULL, path, &ddf);
    assert_non_null(ddf);
    for (size_t i = 0; err != LW_OK && i < ddf->message_count; i++) {
        (void)lw_ddf_message_format(ddf, &ddf->messages[i], text, sizeof text);
        printf("%s\n", text);
    }
    assert_int_equal(err, LW_OK);
    return ddf;
}

/* --- The whole registry -------------------------------------------------------------------- */

typedef struct totals {
    size_t resources, ranges, notes, warnings;
} totals;

static void add_to_totals(const char *path, const char *name, void *ctx)
{
    (void)name;
    totals *t = ctx;
    lw_ddf *ddf = load(path);
    assert_int_equal(ddf->object_count, 1);
    const lw_object_def *def = ddf->objects[0].def;
    for (size_t i = 0; i < def->resource_count; i++) {
        t->resources++;
        t->ranges += def->resources[i].range > 0 ? 1 : 0;
        assert_ptr_equal(lw_object_def_resource(def, def->resources[i].id), &def->resources[i]);
    }
    for (size_t i = 0; i < ddf->message_count; i++) {
        t->notes += ddf->messages[i].severity == LW_DDF_NOTE ? 1 : 0;
        t->warnings += ddf->messages[i].severity == LW_DDF_WARNING ? 1 : 0;
    }
    lw_ddf_free(ddf);
}

static void every_file_of_the_registry_is_read(void **state)
{
    (void)state;
    require_registry();
    totals t = {0};
    size_t files = for_each_definition(REGISTRY, add_to_totals, &t);
    files += for_each_definition(REGISTRY "/version_history", add_to_totals, &t);
    printf("registry: %zu files, %zu resources, %zu ranges, %zu notes, %zu warnings\n", files,
           t.resources, t.ranges, t.notes, t.warnings);
    assert_true(files >= 751);
    assert_true(t.notes < 60);
    assert_true(t.warnings < 10);
}

static void index_files_of_the_registry_are_refused(void **state)
{
    (void)state;
    require_registry();
    lw_ddf *ddf = NULL;
    assert_int_equal(lw_ddf_new_from_file(NULL, REGISTRY "/Common.xml", &ddf), LW_EFORMAT);
    assert_string_equal(ddf->messages[0].text,
                        "ObjectType is \"CommonResources\", not \"MODefinition\"");
    lw_ddf_free(ddf);
    assert_int_equal(lw_ddf_new_from_file(NULL, REGISTRY "/DDF.xml", &ddf), LW_EFORMAT);
    assert_string_equal(ddf->messages[0].text, "the root element is <DDFList>, not <LWM2M>");
    lw_ddf_free(ddf);
}

/* --- Our definitions against its facts ----------------------------------------------------- */

typedef enum fact { FACT_NAME, FACT_RANGE, FACT_UNIT, FACT_LWM2M } fact;

/* Where ours differ on purpose. */
typedef struct exception {
    uint16_t object;
    uint8_t major, minor;
    uint16_t resource;
    fact what;
    const char *why;
} exception;

static const exception exceptions[] = {
    {0, 1, 1, 13, FACT_UNIT, "an enumeration has no unit; removed in 1.2"},
    {0, 1, 1, 15, FACT_UNIT, "an enumeration has no unit; removed in 1.2"},
    {4, 1, 0, 9, FACT_UNIT, "a network code is no percentage; removed in 1.2"},
    {4, 1, 1, 9, FACT_UNIT, "a network code is no percentage; removed in 1.2"},
    {4, 1, 1, 0, FACT_LWM2M, "left empty; 1.1 before and after it in the other core objects"},
    {12, 1, 0, 22, FACT_RANGE, "\"0 or 26\" is 10 or 26: so its description, and version 1.1"},
    {12, 1, 0, 23, FACT_RANGE, "\"0 or 26\" is 10 or 26: so its description, and version 1.1"},
    {12, 1, 0, 41, FACT_NAME, "\"Received\" stands for 42; corrected in 1.1"},
    {12, 1, 0, 44, FACT_NAME, "the id stands in the name; corrected in 1.1"},
    {19, 1, 0, 3, FACT_RANGE, "\"32 bytes\" is a ceiling: its own example is shorter"},
    {19, 1, 0, 4, FACT_RANGE, "\"32 bytes\" is a ceiling: its own example is shorter"},
    {20, 1, 0, 4010, FACT_RANGE, "\"255\" is the largest value"},
    {20, 1, 0, 4015, FACT_RANGE, "\"255\" is the largest value"},
    {20, 2, 0, 4010, FACT_RANGE, "\"255\" is the largest value"},
    {20, 2, 0, 4015, FACT_RANGE, "\"255\" is the largest value"},
    {20, 2, 1, 4010, FACT_RANGE, "\"255\" is the largest value"},
    {20, 2, 1, 4015, FACT_RANGE, "\"255\" is the largest value"},
    {27, 1, 0, 12, FACT_UNIT, "a bit rate is not in dB"},
};
#define EXCEPTIONS (sizeof exceptions / sizeof *exceptions)

static bool used[EXCEPTIONS];

static bool is_exception(const lw_object_def *def, uint16_t resource, fact what)
{
    for (size_t i = 0; i < EXCEPTIONS; i++) {
        const exception *e = &exceptions[i];
        if (e->object == def->id && e->major == def->major && e->minor == def->minor &&
            e->resource == resource && e->what == what) {
            used[i] = true;
            return true;
        }
    }
    return false;
}

static bool same_range(const lw_object_def *x, const lw_object_def *y, size_t resource)
{
    const lw_range *a = lw_object_def_range(x, &x->resources[resource]);
    const lw_range *b = lw_object_def_range(y, &y->resources[resource]);
    if (a == NULL || b == NULL || a->kind != b->kind || a->count != b->count) {
        return a == b;
    }
    switch ((lw_range_kind)a->kind) {
    case LW_RANGE_FLOAT:
        return a->as.bounds[0] == b->as.bounds[0] && a->as.bounds[1] == b->as.bounds[1];
    case LW_RANGE_INTEGER:
    case LW_RANGE_LENGTH:
    case LW_RANGE_SET:
        break;
    }
    return a->count > 0
               ? memcmp(a->as.numbers, b->as.numbers, a->count * sizeof *a->as.numbers) == 0
               : a->lo == b->lo && a->as.hi == b->as.hi;
}

static void expect(bool same, const lw_object_def *def, uint16_t resource, const char *what)
{
    if (!same) {
        fail_msg("%u:%u.%u resource %u: another %s", def->id, def->major, def->minor, resource,
                 what);
    }
}

/* Ids, types, operations and flags: no exception is possible. */
static void expect_same_structure(const lw_object_def *a, const lw_object_def *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->major, b->major);
    assert_int_equal(a->minor, b->minor);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->resource_count, b->resource_count);
    for (size_t i = 0; i < a->resource_count; i++) {
        const lw_resource_def *x = &a->resources[i];
        const lw_resource_def *y = &b->resources[i];
        expect(x->id == y->id, a, x->id, "id");
        expect(x->type == y->type, a, x->id, "type");
        expect(x->ops == y->ops, a, x->id, "operations");
        expect(x->flags == y->flags, a, x->id, "multiplicity");
    }
}

static void compare_with_the_registry(const char *path, const char *name, void *ctx)
{
    char other[PATH_MAX_TEXT];
    size_t *compared = ctx;
    (void)snprintf(other, sizeof other, REGISTRY "/version_history/%s", name);
    char *dot = strchr(strrchr(other, '-'), '.'); /* 3-1.2.xml is 3-1_2.xml there */
    *dot = '_';
    lw_ddf *ours = load(path);
    lw_ddf *theirs = load(other);
    const lw_object_text *a = &ours->objects[0];
    const lw_object_text *b = &theirs->objects[0];
    expect_same_structure(a->def, b->def);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->urn, b->urn);
    assert_true((a->def->lwm2m_major == b->def->lwm2m_major &&
                 a->def->lwm2m_minor == b->def->lwm2m_minor) ||
                is_exception(a->def, 0, FACT_LWM2M));
    for (size_t i = 0; i < a->def->resource_count; i++) {
        uint16_t id = a->def->resources[i].id;
        const lw_resource_text *x = &a->resources[i];
        const lw_resource_text *y = &b->resources[i];
        expect(strcmp(x->name, y->name) == 0 || is_exception(a->def, id, FACT_NAME), a->def, id,
               "name");
        expect(strcmp(x->unit, y->unit) == 0 || is_exception(a->def, id, FACT_UNIT), a->def, id,
               "unit");
        expect(same_range(a->def, b->def, i) || is_exception(a->def, id, FACT_RANGE), a->def, id,
               "range");
        assert_true(strcmp(x->description, y->description) != 0 || *y->description == '\0');
        (*compared)++;
    }
    lw_ddf_free(ours);
    lw_ddf_free(theirs);
}

static void our_definitions_state_the_facts_of_the_registry(void **state)
{
    (void)state;
    require_registry();
    size_t resources = 0;
    size_t files = for_each_definition(OBJECTS, compare_with_the_registry, &resources);
    printf("own definitions: %zu files, %zu resources compared, %zu exceptions\n", files, resources,
           EXCEPTIONS);
    for (size_t i = 0; i < EXCEPTIONS; i++) {
        if (!used[i]) {
            fail_msg("the exception of %u/x/%u is not needed: %s", exceptions[i].object,
                     exceptions[i].resource, exceptions[i].why);
        }
    }
}

/* --- Generated tables against our definitions ---------------------------------------------- */

static const lw_object_text *generated(const lw_object_def *def)
{
    for (size_t i = 0; i < LW_OBJECTS_ALL_COUNT; i++) {
        const lw_object_def *d = lw_objects_all[i];
        assert_ptr_equal(lw_objects_all_text[i]->def, d);
        if (d->id == def->id && d->major == def->major && d->minor == def->minor) {
            return lw_objects_all_text[i];
        }
    }
    fail_msg("%u:%u.%u is not generated", def->id, def->major, def->minor);
    return NULL;
}

static void compare_with_the_generated(const char *path, const char *name, void *ctx)
{
    (void)name;
    (void)ctx;
    lw_ddf *ddf = load(path);
    assert_int_equal(ddf->message_count, 0);
    const lw_object_text *a = &ddf->objects[0];
    const lw_object_text *b = generated(a->def);
    expect_same_structure(a->def, b->def);
    assert_int_equal(a->def->lwm2m_major, b->def->lwm2m_major);
    assert_int_equal(a->def->lwm2m_minor, b->def->lwm2m_minor);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->urn, b->urn);
    assert_string_equal(a->description, b->description);
    for (size_t i = 0; i < a->def->resource_count; i++) {
        const lw_resource_text *x = &a->resources[i];
        const lw_resource_text *y = &b->resources[i];
        assert_true(same_range(a->def, b->def, i));
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->range, y->range);
        assert_string_equal(x->unit, y->unit);
        assert_string_equal(x->description, y->description);
        assert_true(*x->description != '\0');
    }
    lw_ddf_free(ddf);
}

static void generated_tables_hold_what_the_loader_reads(void **state)
{
    (void)state;
    size_t files = for_each_definition(OBJECTS, compare_with_the_generated, NULL);
    assert_int_equal(files, LW_OBJECTS_ALL_COUNT);
}

static void constants_name_ids(void **state)
{
    (void)state;
    assert_int_equal(LW_OBJ_DEVICE, 3);
    assert_int_equal(LW_RES_DEVICE_BATTERY_LEVEL, 9);
    assert_int_equal(LW_RES_SENSOR_VALUE, 5700);
    assert_ptr_equal(lw_objects_all[0], &lw_object_0_v1_0);
    assert_int_equal(lw_object_def_resource(&lw_object_3_v1_2, LW_RES_DEVICE_REBOOT)->ops, LW_OP_E);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_registry_is_read),
        cmocka_unit_test(index_files_of_the_registry_are_refused),
        cmocka_unit_test(our_definitions_state_the_facts_of_the_registry),
        cmocka_unit_test(generated_tables_hold_what_the_loader_reads),
        cmocka_unit_test(constants_name_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
