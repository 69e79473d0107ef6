/* What devices send, as JSON: values with their names and units, links, and what cannot be read.
 */
#ifndef LW_API_ANSWER_H
#define LW_API_ANSWER_H

#include <stdint.h>

#include "api/models.h"
#include "api/out.h"
#include "lw/path.h"
#include "model/version.h"

/* The objects of a device, each once, with the version it has. */
#define API_OBJECTS_MAX 1024u
typedef struct api_objects {
    size_t count;
    struct api_object {
        uint16_t id;
        lw_object_version version;
    } list[];
} api_objects;

/* How a device's values are to be understood. */
typedef struct view {
    models_set *models;
    const api_objects *objects; /* NULL: nothing is known of the device; newest definitions */
} view;

/* NULL: not known. */
const lw_object_def *view_def(const view *v, uint16_t object);
/* A lw_type_lookup; ctx is a view. */
lw_type view_type_of(void *ctx, lw_path path);

/* Writes a value with path, name, unit and type, as one object. */
void answer_value(json_out *o, const view *v, lw_path path, lw_value value, const lw_time *at);
/* The same without its brackets. */
void answer_value_members(json_out *o, const view *v, lw_path path, lw_value value,
                          const lw_time *at);

/* Writes the members "format" and "values", or "raw", of a payload. `at`: when it came, which
 * relative timestamps count from. */
void answer_payload(json_out *o, const view *v, lw_path base, uint16_t format, lw_bytes payload,
                    lw_time at);

/* Writes the member "links" of a Discover, or "raw". */
void answer_links(json_out *o, const view *v, lw_bytes payload);

/* A payload of text or nothing; "" when it is no UTF-8. */
lw_bytes answer_diagnostic(lw_bytes payload);

/* "string", "integer", … as the interface names types; "empty" for NONE. */
const char *type_word(uint32_t type);

/* "application/senml+cbor"; NULL: not known. */
const char *format_media_type(uint16_t format);
/* "senml-cbor" to its Content-Format; LW_CF_NONE for the empty text. */
uint16_t format_of_name(lw_bytes name);

#endif
