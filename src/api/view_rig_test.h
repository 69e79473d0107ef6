/* Definitions to view values with, and an empty text, for tests of what writes values as JSON. */
#ifndef LW_API_VIEW_RIG_TEST_H
#define LW_API_VIEW_RIG_TEST_H

#include "testing/lw_test.h"

#include "api/answer.h"

static models definitions;
static view v;
static json_out o;

static inline int begin(void **state)
{
    (void)state;
    o = (json_out){.text = NULL};
    if (models_init(&definitions) != LW_OK) {
        return -1;
    }
    v = (view){.models = models_hold(&definitions)};
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    out_fini(&o);
    models_drop(v.models);
    models_fini(&definitions);
    return 0;
}

#endif
