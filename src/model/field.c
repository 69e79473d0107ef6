#include "model/field.h"

#include "base/assert.h"

bool lw_field_is_stored(const lw_field *field)
{
    return field->kind != LW_FIELD_EXECUTE && field->kind != LW_FIELD_COMPUTED;
}

uint8_t *lw_field_region(const lw_field *field, uint8_t *instance, size_t *out_len)
{
    size_t end = field->count > 0 ? field->values + (size_t)field->count * field->size
                                  : (size_t)field->offset + field->size;
    *out_len = lw_field_is_stored(field) ? end - field->offset : 0;
    return instance + field->offset;
}

uint8_t *lw_field_slot(const lw_field *field, uint8_t *instance)
{
    return instance + field->offset;
}

/* ---- What goes with what ---- */

static bool is_whole(unsigned type)
{
    return type == LW_TYPE_INTEGER || type == LW_TYPE_UNSIGNED || type == LW_TYPE_TIME;
}

bool lw_field_suits(const lw_field *field, const lw_resource_def *def)
{
    static const uint8_t types[] = {
        [LW_FIELD_EXECUTE] = LW_TYPE_NONE,    [LW_FIELD_COMPUTED] = LW_TYPE_NONE,
        [LW_FIELD_BOOLEAN] = LW_TYPE_BOOLEAN, [LW_FIELD_INT8] = LW_TYPE_INTEGER,
        [LW_FIELD_INT16] = LW_TYPE_INTEGER,   [LW_FIELD_INT32] = LW_TYPE_INTEGER,
        [LW_FIELD_INT64] = LW_TYPE_INTEGER,   [LW_FIELD_UINT8] = LW_TYPE_UNSIGNED,
        [LW_FIELD_UINT16] = LW_TYPE_UNSIGNED, [LW_FIELD_UINT32] = LW_TYPE_UNSIGNED,
        [LW_FIELD_UINT64] = LW_TYPE_UNSIGNED, [LW_FIELD_FLOAT32] = LW_TYPE_FLOAT,
        [LW_FIELD_FLOAT64] = LW_TYPE_FLOAT,   [LW_FIELD_TIME] = LW_TYPE_TIME,
        [LW_FIELD_OBJLNK] = LW_TYPE_OBJLNK,   [LW_FIELD_STRING] = LW_TYPE_STRING,
        [LW_FIELD_CORELNK] = LW_TYPE_CORELNK, [LW_FIELD_OPAQUE] = LW_TYPE_OPAQUE,
    };
    if ((field->kind == LW_FIELD_EXECUTE) != (def->ops == LW_OP_E)) {
        return false;
    }
    unsigned type = types[field->kind];
    bool is_narrow = field->size <= sizeof(uint32_t) && is_whole(type) && is_whole(def->type);
    bool is_multiple = (def->flags & LW_DEF_MULTIPLE) != 0;
    return !lw_field_is_stored(field) ||
           (is_multiple == (field->count > 0) && (type == def->type || is_narrow));
}

/* ---- One value ----
 *
 *   STRING, CORELNK, OPAQUE     [ length, 16 bits | octets … | zeros ]
 *   INT8 … INT32, UINT8 …       the low octets of the number
 *   FLOAT32                     the number, rounded
 *   all others                  what the union of lw_value has
 */

static bool has_length(const lw_field *field)
{
    return field->capacity > 0;
}

/* A number of up to 32 bits that lies in the low octets, as one of 64. */
static uint64_t widened(const lw_field *field, uint32_t low)
{
    unsigned spare = 32u - 8u * field->size;
    bool is_signed = field->kind <= LW_FIELD_INT32;
    return is_signed ? (uint64_t)(int64_t)((int32_t)(low << spare) >> spare)
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

static bool is_narrow(const lw_field *field)
{
    return field->kind >= LW_FIELD_INT8 && field->kind <= LW_FIELD_UINT32 &&
           field->size <= sizeof(uint32_t);
}

static lw_bytes octets_at(const lw_field *field, const uint8_t *slot)
{
    uint16_t len;
    if (!has_length(field)) {
        return lw_bytes_of(slot, field->size);
    }
    memcpy(&len, slot, sizeof len);
    return lw_bytes_of(slot + sizeof len, len);
}

lw_value lw_field_load(const lw_field *field, const uint8_t *slot, lw_type type)
{
    lw_value value = {.type = (uint8_t)type};
    lw_bytes octets = octets_at(field, slot);
    if (has_length(field)) {
        value.as.bytes = octets;
    } else if (field->kind == LW_FIELD_FLOAT32) {
        float number;
        memcpy(&number, slot, sizeof number);
        value = lw_value_single(number);
    } else if (is_narrow(field)) {
        uint32_t low = 0;
        memcpy(low_octets(field, &low), slot, field->size);
        value.as.uns = widened(field, low);
    } else {
        memcpy(&value.as, slot, field->size);
    }
    return value;
}

lw_err lw_field_pack(const lw_field *field, const lw_value *value, lw_kept *out)
{
    if (has_length(field)) {
        out->octets = value->as.bytes;
        return out->octets.len <= field->capacity ? LW_OK : LW_ETOOBIG;
    }
    uint32_t low = (uint32_t)value->as.uns;
    const void *from = &value->as;
    float single;
    if (field->kind == LW_FIELD_FLOAT32) {
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
    if (has_length(field)) {
        uint16_t len = (uint16_t)kept->octets.len;
        memset(slot, 0, field->size);
        memcpy(slot, &len, sizeof len);
        slot += sizeof len;
    }
    if (kept->octets.len > 0) {
        memcpy(slot, kept->octets.ptr, kept->octets.len);
    }
}

/* ---- Multiple resources ---- */

unsigned lw_field_count(const lw_field *field, const uint8_t *instance)
{
    return instance[field->offset];
}

static size_t ids_at(const lw_field *field)
{
    return field->offset + sizeof(uint16_t); /* the count, padded */
}

static uint16_t id_at(const lw_field *field, const uint8_t *instance, unsigned index)
{
    uint16_t id;
    memcpy(&id, instance + ids_at(field) + index * sizeof id, sizeof id);
    return id;
}

/* Where `ri` stands, or would stand. */
static unsigned position_of(const lw_field *field, const uint8_t *instance, uint32_t ri)
{
    unsigned i = 0;
    while (i < lw_field_count(field, instance) && id_at(field, instance, i) < ri) {
        i++;
    }
    return i;
}

lw_err lw_field_next(const lw_field *field, const uint8_t *instance, uint32_t from,
                     uint16_t *out_ri)
{
    unsigned i = position_of(field, instance, from);
    if (i == lw_field_count(field, instance)) {
        return LW_END;
    }
    *out_ri = id_at(field, instance, i);
    return LW_OK;
}

uint8_t *lw_field_find(const lw_field *field, uint8_t *instance, uint16_t ri)
{
    unsigned i = position_of(field, instance, ri);
    if (i == lw_field_count(field, instance) || id_at(field, instance, i) != ri) {
        return NULL;
    }
    return instance + field->values + (size_t)i * field->size;
}

/* Moves `octets` octets an element apart, behind position i: up for an insertion, down for a
 * removal. */
static void shift(uint8_t *elements, size_t size, unsigned i, unsigned count, bool up)
{
    uint8_t *at = elements + i * size;
    size_t rest = (count - i) * size;
    if (up) {
        memmove(at + size, at, rest);
        memset(at, 0, size);
    } else {
        memmove(at, at + size, rest - size);
        memset(at + rest - size, 0, size);
    }
}

uint8_t *lw_field_insert(const lw_field *field, uint8_t *instance, uint16_t ri)
{
    unsigned count = lw_field_count(field, instance);
    unsigned i = position_of(field, instance, ri);
    if (count == field->count) {
        return NULL;
    }
    uint8_t *ids = instance + ids_at(field);
    shift(ids, sizeof ri, i, count, true);
    shift(instance + field->values, field->size, i, count, true);
    memcpy(ids + i * sizeof ri, &ri, sizeof ri);
    instance[field->offset]++;
    return instance + field->values + (size_t)i * field->size;
}

void lw_field_remove(const lw_field *field, uint8_t *instance, uint16_t ri)
{
    unsigned count = lw_field_count(field, instance);
    unsigned i = position_of(field, instance, ri);
    lw_assert(i < count && id_at(field, instance, i) == ri);
    shift(instance + ids_at(field), sizeof ri, i, count, false);
    shift(instance + field->values, field->size, i, count, false);
    instance[field->offset]--;
}
