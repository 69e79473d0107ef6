/* The DDF XML loader: what it accepts is complete and in order, what it refuses has a reason. */
#include "fuzz.h"

#include <string.h>

#include "ddf/load.h"

static void check_object(const lw_object_text *text)
{
    const lw_object_def *def = text->def;
    FUZZ_CHECK(def->resource_count > 0);
    FUZZ_CHECK(text->name != NULL && text->urn != NULL && text->description != NULL);
    for (size_t i = 0; i < def->resource_count; i++) {
        const lw_resource_def *r = &def->resources[i];
        const lw_resource_text *t = &text->resources[i];
        FUZZ_CHECK(i == 0 || def->resources[i - 1].id < r->id);
        FUZZ_CHECK(lw_object_def_resource(def, r->id) == r);
        FUZZ_CHECK(r->ops != LW_OP_E || r->type == LW_TYPE_NONE);
        FUZZ_CHECK(t->name != NULL && t->range != NULL && t->unit != NULL);
        FUZZ_CHECK(t->description != NULL);
        const lw_range *range = lw_object_def_range(def, r);
        FUZZ_CHECK(range == NULL || *t->range != '\0');
        if (range != NULL && range->count == 0) {
            FUZZ_CHECK(range->lo <= range->as.hi);
        } else if (range != NULL && range->kind != LW_RANGE_FLOAT) {
            FUZZ_CHECK(range->count > 1 && range->as.numbers[0] <= range->as.numbers[1]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lw_ddf *ddf = NULL;
    char text[512];
    lw_err err = lw_ddf_new(NULL, "fuzz.xml", lw_bytes_of(data, size), &ddf);
    FUZZ_CHECK(err == LW_OK || err == LW_EFORMAT);
    FUZZ_CHECK((err == LW_OK) == (ddf->object_count > 0));
    bool refused = false;
    for (size_t i = 0; i < ddf->message_count; i++) {
        FUZZ_CHECK(lw_ddf_message_format(ddf, &ddf->messages[i], text, sizeof text) ==
                   strlen(text));
        refused = refused || ddf->messages[i].severity == LW_DDF_ERROR;
    }
    FUZZ_CHECK(refused == (err != LW_OK));
    for (size_t i = 0; i < ddf->object_count; i++) {
        check_object(&ddf->objects[i]);
    }
    lw_ddf_free(ddf);
    return 0;
}
