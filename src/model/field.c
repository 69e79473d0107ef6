#include "model/field.h"

#include "base/assert.h"

/* LW_C_OCTETS: a length, then the octets. */
#define OCTETS_AT sizeof(uint16_t)

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

/* ---- One value ---- */

#define LOAD(T, make)               \
    do {                            \
        T v;                        \
        memcpy(&v, slot, sizeof v); \
        natural = make(v);          \
    } while (0)

static lw_value load_octets(const lw_field *field, const uint8_t *slot)
{
    uint16_t len;
    memcpy(&len, slot, sizeof len);
    lw_type type = field->kind == LW_FIELD_OPAQUE ? LW_TYPE_OPAQUE : LW_TYPE_STRING;
    return lw_value_bytes(type, lw_bytes_of(slot + OCTETS_AT, len));
}

static lw_value load_link(const uint8_t *slot)
{
    lw_objlnk link;
    memcpy(&link, slot, sizeof link);
    return lw_value_objlnk(link.object, link.instance);
}

lw_err lw_field_load(const lw_field *field, const uint8_t *slot, lw_type type, lw_value *out_value)
{
    lw_value natural;
    switch (field->kind) {
    case LW_FIELD_BOOLEAN:
        LOAD(bool, lw_value_boolean);
        break;
    case LW_FIELD_INT8:
        LOAD(int8_t, lw_value_integer);
        break;
    case LW_FIELD_INT16:
        LOAD(int16_t, lw_value_integer);
        break;
    case LW_FIELD_INT32:
        LOAD(int32_t, lw_value_integer);
        break;
    case LW_FIELD_TIME:
    case LW_FIELD_INT64:
        LOAD(int64_t, lw_value_integer);
        break;
    case LW_FIELD_UINT8:
        LOAD(uint8_t, lw_value_unsigned);
        break;
    case LW_FIELD_UINT16:
        LOAD(uint16_t, lw_value_unsigned);
        break;
    case LW_FIELD_UINT32:
        LOAD(uint32_t, lw_value_unsigned);
        break;
    case LW_FIELD_UINT64:
        LOAD(uint64_t, lw_value_unsigned);
        break;
    case LW_FIELD_FLOAT32:
        LOAD(float, lw_value_single);
        break;
    case LW_FIELD_FLOAT64:
        LOAD(double, lw_value_float);
        break;
    case LW_FIELD_OBJLNK:
        natural = load_link(slot);
        break;
    case LW_FIELD_STRING:
    case LW_FIELD_CORELNK:
    case LW_FIELD_OPAQUE:
        natural = load_octets(field, slot);
        break;
    default:
        return LW_ENOTFOUND;
    }
    return lw_value_convert(&natural, type, out_value);
}

static lw_err store_octets(const lw_field *field, uint8_t *slot, lw_bytes octets)
{
    if (octets.len > field->capacity) {
        return LW_ETOOBIG;
    }
    uint16_t len = (uint16_t)octets.len;
    memset(slot, 0, field->size);
    memcpy(slot, &len, sizeof len);
    if (len > 0) {
        memcpy(slot + OCTETS_AT, octets.ptr, len);
    }
    return LW_OK;
}

/* A number of `octets` octets, signed or not; the compiler's memory order is the struct's. */
static lw_err store_whole(uint8_t *slot, unsigned octets, bool is_signed, lw_value value)
{
    lw_value wide;
    lw_err err = lw_value_convert(&value, is_signed ? LW_TYPE_INTEGER : LW_TYPE_UNSIGNED, &wide);
    if (err != LW_OK) {
        return err;
    }
    unsigned spare = 64 - 8 * octets;
    int64_t s = wide.as.integer;
    uint64_t u = wide.as.uns;
    bool fits = is_signed ? (int64_t)(u << spare) >> spare == s : u << spare >> spare == u;
    if (!fits) {
        return LW_ERANGE;
    }
    uint8_t v8 = (uint8_t)u;
    uint16_t v16 = (uint16_t)u;
    uint32_t v32 = (uint32_t)u;
    const void *from = octets == 1   ? (void *)&v8
                       : octets == 2 ? (void *)&v16
                       : octets == 4 ? (void *)&v32
                                     : (void *)&u;
    memcpy(slot, from, octets);
    return LW_OK;
}

lw_err lw_field_store(const lw_field *field, uint8_t *slot, lw_value value)
{
    switch (field->kind) {
    case LW_FIELD_BOOLEAN:
        memcpy(slot, &value.as.boolean, sizeof value.as.boolean);
        return LW_OK;
    case LW_FIELD_INT8:
    case LW_FIELD_INT16:
    case LW_FIELD_INT32:
    case LW_FIELD_INT64:
    case LW_FIELD_TIME:
        return store_whole(slot, field->size, true, value);
    case LW_FIELD_UINT8:
    case LW_FIELD_UINT16:
    case LW_FIELD_UINT32:
    case LW_FIELD_UINT64:
        return store_whole(slot, field->size, false, value);
    case LW_FIELD_FLOAT32: {
        float single = (float)value.as.number;
        memcpy(slot, &single, sizeof single);
        return LW_OK;
    }
    case LW_FIELD_FLOAT64:
        memcpy(slot, &value.as.number, sizeof value.as.number);
        return LW_OK;
    case LW_FIELD_OBJLNK:
        memcpy(slot, &value.as.link, sizeof value.as.link);
        return LW_OK;
    case LW_FIELD_STRING:
    case LW_FIELD_CORELNK:
    case LW_FIELD_OPAQUE:
        return store_octets(field, slot, value.as.bytes);
    default:
        return LW_EMETHOD;
    }
}

/* Values of all kinds but octets. */
typedef uint64_t small_value;

lw_err lw_field_fits(const lw_field *field, lw_value value)
{
    small_value scratch;
    if (field->capacity > 0) {
        return value.as.bytes.len <= field->capacity ? LW_OK : LW_ETOOBIG;
    }
    return lw_field_store(field, (uint8_t *)&scratch, value);
}

bool lw_field_holds(const lw_field *field, const uint8_t *slot, lw_value value)
{
    small_value scratch;
    if (field->capacity > 0) {
        return lw_bytes_equal(load_octets(field, slot).as.bytes, value.as.bytes);
    }
    return lw_field_store(field, (uint8_t *)&scratch, value) == LW_OK &&
           memcmp(slot, &scratch, field->size) == 0;
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
