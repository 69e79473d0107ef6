#include "model/field.h"

#include "base/assert.h"

/* ---- One value ----
 *
 *   STRING, CORELNK, OPAQUE     [ length, 16 bits | octets … | zeros ]
 *   whole numbers of 32 bits    the low octets of the number
 *   FLOAT of 32 bits            the number, rounded
 *   all others                  what the union of lw_value has
 */

static bool is_whole(unsigned type)
{
    return (1u << type & (1u << LW_TYPE_INTEGER | 1u << LW_TYPE_UNSIGNED | 1u << LW_TYPE_TIME)) !=
           0;
}

/* Is it kept in fewer octets than lw_value has it? */
static bool is_single(const lw_field *field)
{
    return field->type == LW_TYPE_FLOAT && field->size == sizeof(float);
}

static bool is_narrow(const lw_field *field)
{
    return is_whole(field->type) && field->size <= sizeof(uint32_t);
}

/* A number of up to 32 bits that lies in the low octets, as one of 64. */
static uint64_t widened(const lw_field *field, uint32_t low)
{
    unsigned spare = 32u - 8u * field->size;
    return field->type == LW_TYPE_INTEGER ? (uint64_t)(int64_t)((int32_t)(low << spare) >> spare)
                                          : low << spare >> spare;
}

/* Where these octets lie: in front, on machines like most. */
static uint8_t *low_octets(const lw_field *field, uint32_t *low)
{
    static const union {
        uint16_t number;
        uint8_t octets[2];
    } one = {1};
    return (uint8_t *)low + (one.octets[0] == 1 ? 0 : sizeof *low - field->size);
}

static lw_bytes octets_at(const lw_field *field, const uint8_t *slot)
{
    uint16_t len;
    if (!field->has_length) {
        return lw_bytes_of(slot, field->size);
    }
    memcpy(&len, slot, sizeof len);
    return lw_bytes_of(slot + sizeof len, len);
}

void lw_field_load(const lw_field *field, const uint8_t *slot, lw_type type, lw_value *out)
{
    *out = (lw_value){.type = type};
    if (field->has_length) {
        out->as.bytes = octets_at(field, slot);
    } else if (is_single(field)) {
        float number;
        memcpy(&number, slot, sizeof number);
        out->single = true;
        out->as.number = (double)number;
    } else if (is_narrow(field)) {
        uint32_t low = 0;
        memcpy(low_octets(field, &low), slot, field->size);
        out->as.uns = widened(field, low);
    } else {
        memcpy(&out->as, slot, field->size);
    }
}

lw_err lw_field_pack(const lw_field *field, const lw_value *value, lw_kept *out)
{
    if (field->has_length) {
        out->octets = value->as.bytes;
        size_t capacity = field->size - sizeof(uint16_t) - field->is_odd;
        return out->octets.len <= capacity ? LW_OK : LW_ETOOBIG;
    }
    uint32_t low = (uint32_t)value->as.uns;
    const void *from = &value->as;
    float single;
    if (is_single(field)) {
        single = (float)value->as.number;
        from = &single;
    } else if (is_narrow(field)) {
        if (widened(field, low) != value->as.uns) {
            return LW_ERANGE;
        }
        from = low_octets(field, &low);
    }
    memcpy(&out->number, from, field->size);
    out->octets = lw_bytes_of((const uint8_t *)&out->number, field->size);
    return LW_OK;
}

bool lw_field_holds(const lw_field *field, const uint8_t *slot, const lw_kept *kept)
{
    return lw_bytes_equal(octets_at(field, slot), kept->octets);
}

void lw_field_put(const lw_field *field, uint8_t *slot, const lw_kept *kept)
{
    if (field->has_length) {
        uint16_t len = (uint16_t)kept->octets.len;
        memset(slot, 0, field->size);
        memcpy(slot, &len, sizeof len);
        slot += sizeof len;
    }
    if (kept->octets.len > 0) {
        memcpy(slot, kept->octets.ptr, kept->octets.len);
    }
}

/* ---- What goes with what ---- */

bool lw_field_suits(const lw_field *field, const lw_resource_def *def)
{
    if (!lw_field_is_stored(field)) {
        return (field->type == LW_TYPE_NONE) == (def->ops == LW_OP_E);
    }
    bool is_multiple = (def->flags & LW_DEF_MULTIPLE) != 0;
    bool fits = field->type == def->type || (is_narrow(field) && is_whole(def->type));
    return is_multiple == (field->count > 0) && fits;
}

/* ---- Multiple resources ---- */

static size_t values_at(const lw_field *field)
{
    return field->offset + ((size_t)field->count + field->gap) * sizeof(uint16_t);
}

size_t lw_field_extent(const lw_field *field)
{
    return field->count > 0 ? values_at(field) - field->offset + (size_t)field->count * field->size
                            : field->size;
}

/* What counts is how far an id is ahead of `from`, past the largest one going on at 0. */
uint16_t *lw_number_near(void *numbers, size_t stride, unsigned count, uint32_t from)
{
    uint16_t *best = NULL;
    uint32_t nearest = UINT32_MAX;
    for (uint8_t *at = numbers; count > 0; count--) {
        uint16_t *number = (uint16_t *)(void *)at;
        uint16_t ahead = (uint16_t)(*number - from - 1);
        if (ahead < nearest) {
            nearest = ahead;
            best = number;
        }
        at += stride;
    }
    return best;
}

static uint16_t *number_near(const lw_field *field, uint8_t *instance, uint32_t from)
{
    return lw_number_near(instance + field->offset, sizeof(uint16_t), field->count, from);
}

static uint8_t *value_of(const lw_field *field, uint8_t *instance, const uint16_t *number)
{
    size_t index = (size_t)((const uint8_t *)number - instance - field->offset) / sizeof *number;
    return instance + values_at(field) + index * field->size;
}

uint32_t lw_field_next(const lw_field *field, uint8_t *instance, uint32_t from)
{
    uint32_t number = *number_near(field, instance, from);
    return number > from ? number - 1 : LW_ID_MAX;
}

uint8_t *lw_field_find(const lw_field *field, uint8_t *instance, uint16_t ri)
{
    if (field->count == 0) {
        return instance + field->offset;
    }
    const uint16_t *number = number_near(field, instance, ri);
    return *number == ri + 1u ? value_of(field, instance, number) : NULL;
}

uint8_t *lw_field_insert(const lw_field *field, uint8_t *instance, uint16_t ri)
{
    uint16_t *number = number_near(field, instance, LW_ID_MAX);
    if (*number != 0) {
        return NULL;
    }
    *number = (uint16_t)(ri + 1);
    return value_of(field, instance, number);
}

void lw_field_remove(const lw_field *field, uint8_t *instance, uint16_t ri)
{
    uint16_t *number = number_near(field, instance, ri);
    lw_assert(*number == ri + 1u);
    *number = 0;
    memset(value_of(field, instance, number), 0, field->size);
}
