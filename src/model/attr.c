#include "model/attr.h"

#include "base/assert.h"
#include "base/num.h"

#define LEVEL(level) (1u << (level))
#define UPPER        (LEVEL(LW_LEVEL_OBJECT) | LEVEL(LW_LEVEL_INSTANCE))
#define LOWER        (LEVEL(LW_LEVEL_RESOURCE) | LEVEL(LW_LEVEL_RESOURCE_INSTANCE))
#define ALL          (UPPER | LOWER)

#define WHOLE  LW_ATTR_SYNTAX_WHOLE
#define NUMBER LW_ATTR_SYNTAX_NUMBER
#define FLAG   LW_ATTR_SYNTAX_FLAG

#define TYPE(name) (1u << LW_TYPE_##name)
#define READABLE   0xffffu
#define NUMERIC    (TYPE(INTEGER) | TYPE(UNSIGNED) | TYPE(FLOAT) | TYPE(TIME))
#define BOOLEAN    TYPE(BOOLEAN)

/* The table of ATT, 6.2, in its row order; the defaults come in with lw_attrs_in_effect(). */
const lw_attr_info lw_attr_table[LW_ATTR_COUNT] = {
    /* name, applies to, levels, syntax, since */
    {"pmin", READABLE, ALL, WHOLE, LW_VERSION_1_0, offsetof(lw_attrs, pmin)},
    {"pmax", READABLE, ALL, WHOLE, LW_VERSION_1_0, offsetof(lw_attrs, pmax)},
    {"gt", NUMERIC, LOWER, NUMBER, LW_VERSION_1_0, offsetof(lw_attrs, gt)},
    {"lt", NUMERIC, LOWER, NUMBER, LW_VERSION_1_0, offsetof(lw_attrs, lt)},
    {"st", NUMERIC, LOWER, NUMBER, LW_VERSION_1_0, offsetof(lw_attrs, st)},
    {"epmin", READABLE, ALL, WHOLE, LW_VERSION_1_1, offsetof(lw_attrs, epmin)},
    {"epmax", READABLE, ALL, WHOLE, LW_VERSION_1_1, offsetof(lw_attrs, epmax)},
    {"edge", BOOLEAN, LOWER, FLAG, LW_VERSION_1_2, offsetof(lw_attrs, edge)},
    {"con", READABLE, ALL, FLAG, LW_VERSION_1_2, offsetof(lw_attrs, con)},
    {"hqmax", READABLE, ALL, WHOLE, LW_VERSION_1_2, offsetof(lw_attrs, hqmax)},
};

static bool has(const lw_attrs *attrs, lw_attr attr)
{
    return (attrs->has & LW_ATTR_BIT(attr)) != 0;
}

/* ---- Requests ---- */

/* A flag is a whole number, too. */
static lw_err parse_value(const lw_attr_info *info, lw_bytes value, const lw_attr_decimal *decimal,
                          lw_attrs *out)
{
    void *field = (uint8_t *)out + info->offset;
    uint32_t whole;
    if (info->syntax == LW_ATTR_SYNTAX_NUMBER) {
        return decimal->parse(value, field);
    }
    lw_err err = lw_num_parse_uint32(value, &whole);
    if (err != LW_OK) {
        return err;
    }
    if (info->syntax == LW_ATTR_SYNTAX_WHOLE) {
        *(uint32_t *)field = whole;
        return LW_OK;
    }
    *(bool *)field = whole != 0;
    return whole <= 1 && value.len == 1 ? LW_OK : LW_EFORMAT;
}

/* LW_ATTR_COUNT when there is none of that name. */
static unsigned find_attr(lw_bytes name)
{
    unsigned i = 0;
    while (i < LW_ATTR_COUNT && !lw_bytes_is(name, lw_attr_table[i].name)) {
        i++;
    }
    return i;
}

lw_err lw_attrs_take(lw_attrs_change *change, lw_bytes name, lw_bytes value,
                     const lw_attr_decimal *decimal)
{
    unsigned attr = find_attr(name);
    if (attr == LW_ATTR_COUNT) {
        return LW_ENOTFOUND;
    }
    uint16_t bit = LW_ATTR_BIT(attr);
    if ((lw_attrs_change_mask(change) & bit) != 0) {
        return LW_EFORMAT;
    }
    if (value.ptr == NULL) {
        change->unset |= bit;
        return LW_OK;
    }
    if ((bit & LW_ATTRS_CONDITIONS) != 0 && decimal == NULL) {
        return LW_ENOTSUP;
    }
    lw_err err = parse_value(&lw_attr_table[attr], value, decimal, &change->set);
    if (err == LW_OK) {
        change->set.has |= bit;
    }
    return err;
}

lw_err lw_attrs_take_query(lw_attrs_change *change, lw_bytes item, const lw_attr_decimal *decimal)
{
    lw_bytes value = item;
    lw_bytes name = lw_bytes_cut(&value, '=');
    return lw_attrs_take(change, name, value, decimal);
}

lw_err lw_attrs_check_target(uint16_t mask, const lw_attrs_at *at)
{
    bool versioned = at->version != LW_VERSION_NONE;
    if (at->def != NULL && (at->def->ops & LW_OP_R) == 0) {
        return LW_EMETHOD;
    }
    if (versioned && at->level == LW_LEVEL_RESOURCE_INSTANCE &&
        !lw_version_has(at->version, LW_FEATURE_RESOURCE_INSTANCE_PATH)) {
        return LW_ENOTSUP;
    }
    for (unsigned i = 0; i < LW_ATTR_COUNT; i++) {
        const lw_attr_info *info = &lw_attr_table[i];
        if ((mask & LW_ATTR_BIT(i)) == 0) {
            continue;
        }
        if ((info->levels >> at->level & 1) == 0 ||
            (at->def != NULL && (info->types >> at->def->type & 1) == 0)) {
            return LW_EINVAL;
        }
        if (versioned && info->since > at->version) {
            return LW_ENOTSUP;
        }
    }
    return LW_OK;
}

lw_err lw_attrs_apply(lw_attrs *attrs, lw_attrs_change *change, const lw_attr_decimal *decimal)
{
    lw_attrs *merged = &change->set;
    if (merged->epmax != 0 && merged->epmin >= merged->epmax) { /* ATT-22. Zero is no maximum. */
        return LW_EINVAL;
    }
    merged->has |= change->unset; /* so that they are not taken over */
    lw_attrs_inherit(merged, attrs);
    merged->has &= (uint16_t)~change->unset;
    if (decimal != NULL && !decimal->fit(merged)) {
        return LW_EINVAL;
    }
    *attrs = *merged;
    return LW_OK;
}

/* ---- Inheritance ---- */

void lw_attrs_inherit(lw_attrs *attrs, const lw_attrs *upper)
{
    for (unsigned i = 0; i < LW_ATTR_COUNT; i++) {
        if (has(attrs, (lw_attr)i) || !has(upper, (lw_attr)i)) {
            continue;
        }
        const lw_attr_info *info = &lw_attr_table[i];
        memcpy((uint8_t *)attrs + info->offset, (const uint8_t *)upper + info->offset,
               info->syntax);
    }
    attrs->has |= upper->has;
}

/* ---- Text ---- */

void lw_attr_write(lw_writer *w, const lw_attrs *attrs, lw_attr attr,
                   const lw_attr_decimal *decimal)
{
    lw_assert(has(attrs, attr));
    const lw_attr_info *info = &lw_attr_table[attr];
    const void *field = (const uint8_t *)attrs + info->offset;
    bool is_flag = info->syntax == LW_ATTR_SYNTAX_FLAG;
    char text[LW_NUM_INT_TEXT_MAX];
    lw_write_str(w, info->name);
    lw_write_u8(w, '=');
    if (info->syntax != LW_ATTR_SYNTAX_NUMBER) {
        uint32_t whole = is_flag ? *(const bool *)field : *(const uint32_t *)field;
        lw_write_octets(w, text, lw_num_format_uint64(whole, text));
    } else if (decimal != NULL) {
        decimal->write(w, *(const double *)field);
    } else {
        lw_writer_fail(w, LW_ENOTSUP);
    }
}

void lw_attrs_write_link(lw_writer *w, const lw_attrs *attrs, const lw_attr_decimal *decimal)
{
    for (unsigned i = 0; i < LW_ATTR_COUNT; i++) {
        if (has(attrs, (lw_attr)i)) {
            lw_write_u8(w, ';');
            lw_attr_write(w, attrs, (lw_attr)i, decimal);
        }
    }
}
