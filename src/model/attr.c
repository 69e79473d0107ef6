#include "model/attr.h"

#include "base/num.h"

#define LEVEL(level) (1u << (level))
#define UPPER        (LEVEL(LW_LEVEL_OBJECT) | LEVEL(LW_LEVEL_INSTANCE))
#define LOWER        (LEVEL(LW_LEVEL_RESOURCE) | LEVEL(LW_LEVEL_RESOURCE_INSTANCE))
#define ALL          (UPPER | LOWER)
#define ANY          (LEVEL(LW_LEVEL_ROOT) | ALL)

#define WHOLE  LW_ATTR_SYNTAX_WHOLE
#define NUMBER LW_ATTR_SYNTAX_NUMBER
#define FLAG   LW_ATTR_SYNTAX_FLAG

#define TYPE(name) (1u << LW_TYPE_##name)
#define READABLE   0xffffu
#define NUMERIC    (TYPE(INTEGER) | TYPE(UNSIGNED) | TYPE(FLOAT) | TYPE(TIME))
#define BOOLEAN    TYPE(BOOLEAN)

/* The table of ATT, 6.2, in its row order; the defaults come in with lw_observed_attrs_at(). */
const lw_attr_info lw_attr_table[LW_ATTR_COUNT] = {
    /* name, applies to, levels, syntax, since */
    {"pmin", READABLE, ANY, WHOLE, LW_VERSION_1_0, offsetof(lw_attrs, pmin)},
    {"pmax", READABLE, ANY, WHOLE, LW_VERSION_1_0, offsetof(lw_attrs, pmax)},
    {"gt", NUMERIC, LOWER, NUMBER, LW_VERSION_1_0, offsetof(lw_attrs, gt)},
    {"lt", NUMERIC, LOWER, NUMBER, LW_VERSION_1_0, offsetof(lw_attrs, lt)},
    {"st", NUMERIC, LOWER, NUMBER, LW_VERSION_1_0, offsetof(lw_attrs, st)},
    {"epmin", READABLE, ANY, WHOLE, LW_VERSION_1_1, offsetof(lw_attrs, epmin)},
    {"epmax", READABLE, ANY, WHOLE, LW_VERSION_1_1, offsetof(lw_attrs, epmax)},
    {"edge", BOOLEAN, LOWER, FLAG, LW_VERSION_1_2, offsetof(lw_attrs, edge)},
    {"con", READABLE, ANY, FLAG, LW_VERSION_1_2, offsetof(lw_attrs, con)},
    {"hqmax", READABLE, ALL, WHOLE, LW_VERSION_1_2, offsetof(lw_attrs, hqmax)},
};

static bool has(const lw_attrs *attrs, lw_attr attr)
{
    return (attrs->has & LW_ATTR_BIT(attr)) != 0;
}

/* ---- Requests ---- */

/* A flag is a whole number, too. */
static lw_err parse_value(uint8_t syntax, lw_bytes value, const lw_attr_decimal *decimal,
                          void *field)
{
    uint32_t whole;
    if (syntax == LW_ATTR_SYNTAX_NUMBER) {
        return decimal->parse(value, field);
    }
    lw_err err = lw_num_parse_uint32(value, &whole);
    if (err != LW_OK) {
        return err;
    }
    if (syntax == LW_ATTR_SYNTAX_WHOLE) {
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

/* Does the attribute stand where the set does? */
static lw_err check_place(const lw_attrs_change *change, const lw_attr_info *info, uint16_t bit)
{
    if ((info->levels >> change->level & 1) == 0 ||
        (change->def != NULL && (info->types >> change->def->type & 1) == 0)) {
        return LW_EINVAL;
    }
    bool is_new = change->version != LW_VERSION_NONE && info->since > change->version;
    bool is_missing = change->decimal == NULL && (bit & LW_ATTRS_CONDITIONS) != 0;
    return is_new || is_missing ? LW_ENOTSUP : LW_OK;
}

lw_err lw_attrs_take(lw_attrs_change *change, lw_bytes name, lw_bytes value)
{
    unsigned attr = find_attr(name);
    if (attr == LW_ATTR_COUNT) {
        return LW_ENOTFOUND;
    }
    const lw_attr_info *info = &lw_attr_table[attr];
    uint16_t bit = LW_ATTR_BIT(attr);
    lw_err err = (change->named & bit) != 0 ? LW_EFORMAT : check_place(change, info, bit);
    if (err != LW_OK) {
        return err;
    }
    void *field = (uint8_t *)&change->attrs + info->offset;
    change->named |= bit;
    if (value.ptr == NULL) {
        change->attrs.has &= (uint16_t)~bit;
        memset(field, 0, info->syntax);
        return LW_OK;
    }
    change->attrs.has |= bit;
    return parse_value(info->syntax, value, change->decimal, field);
}

lw_err lw_attrs_take_query(lw_attrs_change *change, lw_bytes item)
{
    lw_bytes value = item;
    lw_bytes name = lw_bytes_cut(&value, '=');
    return lw_attrs_take(change, name, value);
}

lw_err lw_attrs_check(const lw_attrs_change *change)
{
    const uint16_t both = LW_ATTR_BIT(LW_ATTR_EPMIN) | LW_ATTR_BIT(LW_ATTR_EPMAX);
    const lw_attrs *attrs = &change->attrs;
    if ((change->named & both) == both && attrs->epmax != 0 && attrs->epmin >= attrs->epmax) {
        return LW_EINVAL; /* zero is no maximum */
    }
    return change->decimal == NULL || change->decimal->fit(attrs) ? LW_OK : LW_EINVAL;
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

static void write_value(lw_writer *w, uint8_t syntax, const void *field,
                        const lw_attr_decimal *decimal)
{
    char text[LW_NUM_INT_TEXT_MAX];
    if (syntax != LW_ATTR_SYNTAX_NUMBER) {
        uint32_t whole =
            syntax == LW_ATTR_SYNTAX_FLAG ? *(const bool *)field : *(const uint32_t *)field;
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
        const lw_attr_info *info = &lw_attr_table[i];
        if (has(attrs, (lw_attr)i)) {
            lw_write_u8(w, ';');
            lw_write_str(w, info->name);
            lw_write_u8(w, '=');
            write_value(w, info->syntax, (const uint8_t *)attrs + info->offset, decimal);
        }
    }
}
