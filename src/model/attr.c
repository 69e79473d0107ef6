#include "model/attr.h"

#include "base/num.h"

#define ROW(name, syntax, since)                                                     \
    {                                                                                \
#name, offsetof(lw_attrs, name), LW_ATTR_SYNTAX_##syntax, LW_VERSION_##since \
    }

/* The table of ATT, 6.2, in its row order; the defaults come in with lw_observed_attrs_at(). */
const lw_attr_info lw_attr_table[LW_ATTR_COUNT] = {
    ROW(pmin, WHOLE, 1_0), ROW(pmax, WHOLE, 1_0),  ROW(gt, NUMBER, 1_0),   ROW(lt, NUMBER, 1_0),
    ROW(st, NUMBER, 1_0),  ROW(epmin, WHOLE, 1_1), ROW(epmax, WHOLE, 1_1), ROW(edge, FLAG, 1_2),
    ROW(con, FLAG, 1_2),   ROW(hqmax, WHOLE, 1_2),
};

static bool has(unsigned bits, unsigned attr)
{
    return (bits >> attr & 1) != 0;
}

/* ---- Requests ---- */

/* A flag is a whole number, too. */
static lw_err parse_value(unsigned syntax, lw_bytes value, const lw_attr_decimal *decimal,
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

lw_err lw_attrs_take(lw_attrs_change *change, lw_bytes name, lw_bytes value)
{
    const lw_attr_known *known = change->known;
    unsigned attr = find_attr(name);
    uint16_t bit = LW_ATTR_BIT(attr);
    if ((known->bits & bit) == 0) {
        return LW_ENOTFOUND;
    }
    if ((change->named & bit) != 0) {
        return LW_EFORMAT;
    }
    const lw_attr_info *info = &lw_attr_table[attr];
    if ((bit & LW_ATTRS_PERIODS) == 0 && !known->may_stand(change, attr)) {
        return LW_EINVAL;
    }
    if (change->version != LW_VERSION_NONE && info->since > change->version) {
        return LW_ENOTSUP;
    }
    void *field = (uint8_t *)&change->attrs + info->offset;
    change->named |= bit;
    if (value.ptr == NULL) {
        change->attrs.has &= (uint16_t)~bit;
        memset(field, 0, info->syntax);
        return LW_OK;
    }
    change->attrs.has |= bit;
    return parse_value(info->syntax, value, known->decimal, field);
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
    const lw_attr_decimal *decimal = change->known->decimal;
    if ((change->named & both) == both && attrs->epmax != 0 && attrs->epmin >= attrs->epmax) {
        return LW_EINVAL; /* zero is no maximum */
    }
    return decimal == NULL || decimal->fit(attrs) ? LW_OK : LW_EINVAL;
}

/* ---- Inheritance ---- */

void lw_attrs_inherit(lw_attrs *attrs, const lw_attrs *upper)
{
    for (unsigned i = 0; i < LW_ATTR_COUNT; i++) {
        const lw_attr_info *info = &lw_attr_table[i];
        if (has(upper->has & ~(unsigned)attrs->has, i)) {
            memcpy((uint8_t *)attrs + info->offset, (const uint8_t *)upper + info->offset,
                   info->syntax);
        }
    }
    attrs->has |= upper->has;
}

/* ---- Text ---- */

static void write_value(lw_writer *w, unsigned syntax, const void *field,
                        const lw_attr_decimal *decimal)
{
    char text[LW_NUM_INT_TEXT_MAX];
    if (syntax == LW_ATTR_SYNTAX_NUMBER) {
        decimal->write(w, *(const double *)field);
    } else {
        uint32_t whole =
            syntax == LW_ATTR_SYNTAX_FLAG ? *(const bool *)field : *(const uint32_t *)field;
        lw_write_octets(w, text, lw_num_format_uint64(whole, text));
    }
}

void lw_attrs_write_link(lw_writer *w, const lw_attrs *attrs, const lw_attr_known *known)
{
    for (unsigned i = 0; i < LW_ATTR_COUNT; i++) {
        const lw_attr_info *info = &lw_attr_table[i];
        if (has(attrs->has & known->bits, i)) {
            lw_write_u8(w, ';');
            lw_write_str(w, info->name);
            lw_write_u8(w, '=');
            write_value(w, info->syntax, (const uint8_t *)attrs + info->offset, known->decimal);
        }
    }
}
