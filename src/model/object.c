#include "lw/object.h"

const lw_resource_def *lw_object_def_resource(const lw_object_def *def, uint16_t id)
{
    size_t low = 0;
    size_t high = def->resource_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const lw_resource_def *r = &def->resources[middle];
        if (r->id == id) {
            return r;
        }
        if (r->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

const lw_range *lw_object_def_range(const lw_object_def *def, const lw_resource_def *resource)
{
    return resource->range > 0 ? &def->ranges[resource->range - 1] : NULL;
}

/* What integer ranges, lengths and sets are about: the number itself, or how many octets. False for
 * types that have neither. */
static bool quantity(const lw_value *v, int64_t *out)
{
    switch (v->type) {
    case LW_TYPE_INTEGER:
    case LW_TYPE_TIME:
    case LW_TYPE_UNSIGNED:
        *out = v->type == LW_TYPE_UNSIGNED && v->as.integer < 0 ? INT64_MAX : v->as.integer;
        return true;
    case LW_TYPE_STRING:
    case LW_TYPE_OPAQUE:
    case LW_TYPE_CORELNK:
        *out = (int64_t)v->as.bytes.len;
        return true;
    default:
        return false;
    }
}

static bool is_within(const lw_range *range, int64_t n)
{
    int64_t lo = range->lo;
    int64_t hi = range->as.hi;
    if (range->kind == LW_RANGE_SET) {
        unsigned i = 0;
        while (i < range->count && range->as.numbers[i] != n) {
            i++;
        }
        return i < range->count;
    }
    if (range->count > 0) {
        lo = range->as.numbers[0];
        hi = range->as.numbers[1];
    }
    return n >= lo && n <= hi;
}

lw_err lw_range_check(const lw_range *range, const lw_value *value)
{
    if (range == NULL) {
        return LW_OK;
    }
    bool ok = true;
    int64_t n;
    if (range->kind == LW_RANGE_FLOAT) {
        double number;
        if (lw_value_to_number(value, &number)) {
            ok = number >= range->as.bounds[0] && number <= range->as.bounds[1]; /* no NaN is */
        }
    } else if (quantity(value, &n)) {
        ok = is_within(range, n);
    }
    return ok ? LW_OK : LW_ERANGE;
}
