/* Definitions in force: built-in ones, uploaded ones over them, and who still holds an old set. */
#include "api/models.h"

#include <stdio.h>

#include "testing/lw_test.h"

static models m;

static int begin(void **state)
{
    (void)state;
    return models_init(&m) == LW_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    models_fini(&m);
    return 0;
}

/* A file with one object of one resource. */
static lw_ddf *file_of(unsigned id, const char *version, const char *name)
{
    char xml[1024];
    lw_ddf *ddf;
    int len = snprintf(xml, sizeof xml,
                       "<LWM2M><Object ObjectType=\"MODefinition\"><Name>%s</Name>"
                       "<ObjectID>%u</ObjectID><ObjectURN>urn:oma:lwm2m:x:%u:%s</ObjectURN>"
                       "<ObjectVersion>%s</ObjectVersion>"
                       "<MultipleInstances>Single</MultipleInstances>"
                       "<Mandatory>Optional</Mandatory><Resources><Item ID=\"1\"><Name>Level</Name>"
                       "<Operations>R</Operations><MultipleInstances>Single</MultipleInstances>"
                       "<Mandatory>Optional</Mandatory><Type>Float</Type><Units>Cel</Units></Item>"
                       "</Resources></Object></LWM2M>",
                       name, id, id, version, version);
    assert_ok(lw_ddf_new(NULL, "pump.xml", lw_bytes_of(xml, (size_t)len), &ddf));
    assert_int_equal(ddf->object_count, 1);
    return ddf;
}

static const char *name_of(const models_set *set, uint16_t id, uint8_t major, uint8_t minor)
{
    const models_entry *entry = models_find(set, id, major, minor);
    return entry != NULL ? entry->text->name : NULL;
}

static const char *name_now(uint16_t id, uint8_t major, uint8_t minor)
{
    models_set *set = models_hold(&m);
    const char *name = name_of(set, id, major, minor);
    models_drop(set);
    return name;
}

LW_TEST(an_upload_is_found_by_id_and_version)
{
    assert_null(name_now(30000, 1, 0));
    assert_ok(models_add(&m, file_of(30000, "1.0", "Pump"), 0, 1));
    assert_string_equal(name_now(30000, 1, 0), "Pump");
    assert_null(name_now(30000, 1, 1));
    models_set *set = models_hold(&m);
    const lw_object_def *def = models_find(set, 30000, 1, 0)->text->def;
    const lw_resource_text *text = models_resource_text(set, def, 1);
    assert_string_equal(text->name, "Level");
    assert_string_equal(text->unit, "Cel");
    assert_null(models_resource_text(set, def, 2));
    assert_null(models_resource_text(set, NULL, 1));
    models_drop(set);
}

LW_TEST(an_upload_takes_the_place_of_the_same_version_until_it_is_removed)
{
    assert_string_equal(name_now(3, 1, 0), "Device");
    assert_ok(models_add(&m, file_of(3, "1.0", "Engine"), 0, 1));
    assert_string_equal(name_now(3, 1, 0), "Engine");
    assert_ok(models_add(&m, file_of(3, "1.0", "Motor"), 0, 1));
    assert_string_equal(name_now(3, 1, 0), "Motor");
    assert_ok(models_remove(&m, 3, 1, 0));
    assert_string_equal(name_now(3, 1, 0), "Device");
}

LW_TEST(what_came_with_the_server_and_what_is_not_there_cannot_be_removed)
{
    assert_err(models_remove(&m, 3, 1, 0), LW_EDENIED);
    assert_err(models_remove(&m, 30000, 1, 0), LW_ENOTFOUND);
    assert_ok(models_add(&m, file_of(30000, "1.0", "Pump"), 0, 1));
    assert_err(models_remove(&m, 30000, 2, 0), LW_ENOTFOUND);
    assert_ok(models_remove(&m, 30000, 1, 0));
    assert_err(models_remove(&m, 30000, 1, 0), LW_ENOTFOUND);
}

LW_TEST(who_holds_a_set_keeps_what_was_in_it)
{
    assert_ok(models_add(&m, file_of(30000, "1.0", "Pump"), 0, 1));
    models_set *held = models_hold(&m);
    models_set *again = models_hold_again(held);
    assert_ok(models_add(&m, file_of(30000, "1.0", "Valve"), 0, 1));
    assert_ok(models_remove(&m, 30000, 1, 0));
    models_drop(held);
    assert_string_equal(name_of(again, 30000, 1, 0), "Pump"); /* its file, too */
    assert_null(name_now(30000, 1, 0));
    models_drop(again);
}

LW_TEST(definitions_stand_by_id_and_version_whatever_their_order)
{
    assert_ok(models_add(&m, file_of(30001, "1.1", "B"), 0, 1));
    assert_ok(models_add(&m, file_of(30000, "2.0", "A"), 0, 1));
    assert_ok(models_add(&m, file_of(30001, "1.0", "C"), 0, 1));
    models_set *set = models_hold(&m);
    for (size_t i = 1; i < set->count; i++) {
        const lw_object_def *a = set->defs[i - 1], *b = set->defs[i];
        bool ascends = a->id != b->id         ? a->id < b->id
                       : a->major != b->major ? a->major < b->major
                                              : a->minor < b->minor;
        assert_true(ascends);
        assert_ptr_equal(models_entry_of(set, b), &set->entries[i]);
    }
    assert_null(models_entry_of(set, NULL));
    models_drop(set);
}

LW_TEST(there_are_not_too_many_uploads)
{
    lw_ddf *ddf = file_of(30000, "1.0", "Pump");
    assert_err(models_add(&m, ddf, 0, API_MODELS_MAX + 1), LW_ENOMEM); /* and it is freed */
    assert_null(name_now(30000, 1, 0));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(an_upload_is_found_by_id_and_version),
        CASE(an_upload_takes_the_place_of_the_same_version_until_it_is_removed),
        CASE(what_came_with_the_server_and_what_is_not_there_cannot_be_removed),
        CASE(who_holds_a_set_keeps_what_was_in_it),
        CASE(definitions_stand_by_id_and_version_whatever_their_order),
        CASE(there_are_not_too_many_uploads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
