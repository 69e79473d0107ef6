/* A file of its own, so that naming it is what links floating-point numbers and their text. */
#include "base/num.h"
#include "model/attr.h"

static lw_err parse_decimal(lw_bytes text, double *out_number)
{
    lw_value value;
    lw_err err = lw_num_parse_value(text, &value);
    return err == LW_OK && !lw_value_to_number(&value, out_number) ? LW_EFORMAT : err;
}

static void write_decimal(lw_writer *w, double number)
{
    char text[LW_NUM_TEXT_MAX];
    size_t len = lw_num_format_double(number, false, LW_NUM_PLAIN, text);
    lw_write_bytes(w, lw_bytes_of(text, len));
}

static bool has(const lw_attrs *attrs, lw_attr attr)
{
    return (attrs->has & LW_ATTR_BIT(attr)) != 0;
}

/* ATT-20, ATT-23 */
static bool fit(const lw_attrs *a)
{
    double step = has(a, LW_ATTR_ST) ? a->st : 0;
    if (has(a, LW_ATTR_ST) && !(step > 0)) {
        return false;
    }
    bool both = has(a, LW_ATTR_LT) && has(a, LW_ATTR_GT);
    return !both || a->lt + 2 * step < a->gt;
}

/* ATT-32, P-OBS-03: in both directions, though the examples of the specification know but one. */
static bool crosses(double last, double now, double threshold)
{
    return (last > threshold) != (now > threshold);
}

static bool rises_over(double last, double now, double threshold)
{
    return last <= threshold && now > threshold;
}

/* ATT-33, ATT-34. lt is gt in the mirror: all three negated. */
static bool meets(const lw_attrs *attrs, double last, double now,
                  bool (*passes)(double last, double now, double threshold))
{
    double step = now > last ? now - last : last - now;
    return (has(attrs, LW_ATTR_GT) && passes(last, now, attrs->gt)) ||
           (has(attrs, LW_ATTR_LT) && passes(-last, -now, -attrs->lt)) ||
           (has(attrs, LW_ATTR_ST) && step >= attrs->st);
}

static bool is_met(const lw_attrs *attrs, double last, double now)
{
    return meets(attrs, last, now, crosses);
}

static bool is_met_one_way(const lw_attrs *attrs, double last, double now)
{
    return meets(attrs, last, now, rises_over);
}

const lw_attr_decimal lw_attr_decimal_text = {
    .parse = parse_decimal, .write = write_decimal, .fit = fit, .is_met = is_met};
const lw_attr_decimal lw_attr_decimal_one_way = {
    .parse = parse_decimal, .write = write_decimal, .fit = fit, .is_met = is_met_one_way};
