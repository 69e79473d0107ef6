/* One resource as it is kept in the struct of its instance: reading and writing single values.
 *
 * Works on plain memory by the description in an lw_field; knows no presence, no transactions, no
 * observers. Octets that hold nothing are zero, so that a resource that was not written compares
 * equal octet by octet.
 */
#ifndef LW_MODEL_FIELD_H
#define LW_MODEL_FIELD_H

#include "lw/declare.h"

/* True when the struct holds something for this field. */
static inline bool lw_field_is_stored(const lw_field *field)
{
    return field->size > 0;
}

/* Can the resource be kept, or called, this way? Whole numbers of 8, 16 and 32 bits may be kept
 * with either signedness, whatever the type says. */
bool lw_field_suits(const lw_field *field, const lw_resource_def *def);

/* How many octets from field->offset on belong to it, numbers included. */
size_t lw_field_extent(const lw_field *field);

/* The value at `slot`, the octets of one value. The type is the resource's. */
void lw_field_load(const lw_field *field, const uint8_t *slot, lw_type type, lw_value *out);

/* A value as the field keeps it. `octets` may be those of the value, or `number`: do not move it.
 */
typedef struct lw_kept {
    lw_bytes octets;
    uint64_t number;
} lw_kept;

/* Makes that of a value that has the resource's type. LW_ERANGE when the width of the field is too
 * small for the number, LW_ETOOBIG when the octets are more than its capacity. */
LW_MUST_CHECK lw_err lw_field_pack(const lw_field *field, const lw_value *value, lw_kept *out);
bool lw_field_holds(const lw_field *field, const uint8_t *slot, const lw_kept *kept);
void lw_field_put(const lw_field *field, uint8_t *slot, const lw_kept *kept);

/* Instances, of an object or of a resource, stay where they are, in no order: there are few of
 * them. Each has a number, its id plus one, or 0: there is none; `stride` octets from one to the
 * next. The number of the smallest id >= from; without one, a 0; and without that some other. */
uint16_t *lw_number_near(void *numbers, size_t stride, unsigned count, uint32_t from);

/* The slot of a single field; of a multiple one that of the resource instance, or NULL. */
uint8_t *lw_field_find(const lw_field *field, uint8_t *instance, uint16_t ri);

/* Multiple fields: the smallest resource instance id >= from; LW_ID_MAX when none. */
uint32_t lw_field_next(const lw_field *field, uint8_t *instance, uint32_t from);
/* Makes room for a new one, zeroed; NULL when full. It must not be there. */
uint8_t *lw_field_insert(const lw_field *field, uint8_t *instance, uint16_t ri);
/* It must be there. */
void lw_field_remove(const lw_field *field, uint8_t *instance, uint16_t ri);

#endif
