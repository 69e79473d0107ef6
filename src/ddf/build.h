/* Turns the gathered texts of an <Object> and its <Item>s into a definition.
 *
 * The loader opens an object or an item, fills its fields as elements come, and ends it. What is
 * missing or wrong is said when it ends, so the order of elements does not matter, and a message
 * names the place of the element it is about.
 */
#ifndef LW_DDF_BUILD_H
#define LW_DDF_BUILD_H

#include "ddf/result.h"

typedef struct lw_ddf_field {
    const char *text; /* NULL until the element was seen */
    lw_ddf_place at;
} lw_ddf_field;

typedef enum lw_ddf_object_field {
    LW_DDF_OBJECT_NAME,
    LW_DDF_OBJECT_DESCRIPTION1,
    LW_DDF_OBJECT_ID,
    LW_DDF_OBJECT_URN,
    LW_DDF_OBJECT_LWM2M,
    LW_DDF_OBJECT_VERSION,
    LW_DDF_OBJECT_INSTANCES,
    LW_DDF_OBJECT_MANDATORY,
    LW_DDF_OBJECT_DESCRIPTION2,
    LW_DDF_OBJECT_FIELDS
} lw_ddf_object_field;

typedef enum lw_ddf_item_field {
    LW_DDF_ITEM_NAME,
    LW_DDF_ITEM_OPERATIONS,
    LW_DDF_ITEM_INSTANCES,
    LW_DDF_ITEM_MANDATORY,
    LW_DDF_ITEM_TYPE,
    LW_DDF_ITEM_RANGE,
    LW_DDF_ITEM_UNITS,
    LW_DDF_ITEM_DESCRIPTION,
    LW_DDF_ITEM_FIELDS
} lw_ddf_item_field;

typedef struct lw_ddf_item lw_ddf_item;
typedef struct lw_ddf_object lw_ddf_object;

typedef struct lw_ddf_builder {
    lw_ddf_result *out;

    lw_ddf_object *objects; /* finished ones, the newest first */
    size_t object_count;
    lw_ddf_place object_at;
    lw_ddf_field object[LW_DDF_OBJECT_FIELDS];
    bool resources_seen;
    bool item_seen;

    lw_ddf_item *items; /* finished ones of the open object, the newest first */
    size_t item_count;
    lw_ddf_place item_at;
    const char *item_id; /* the attribute; NULL when it is missing */
    lw_ddf_field item[LW_DDF_ITEM_FIELDS];
} lw_ddf_builder;

void lw_ddf_open_object(lw_ddf_builder *b, lw_ddf_place at);
void lw_ddf_end_object(lw_ddf_builder *b);

/* `id` is the attribute, NULL when it is missing. */
void lw_ddf_open_item(lw_ddf_builder *b, lw_ddf_place at, const char *id);
void lw_ddf_end_item(lw_ddf_builder *b);

/* The field of an element, NULL when the schema has none of that name. */
lw_ddf_field *lw_ddf_object_field_of(lw_ddf_builder *b, const char *tag);
lw_ddf_field *lw_ddf_item_field_of(lw_ddf_builder *b, const char *tag);

/* Puts the finished objects into the result, in the order of the file. */
void lw_ddf_build(lw_ddf_builder *b);

#endif
