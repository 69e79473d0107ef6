#include "store/chart.h"

void lw_chart_init(lw_chart *chart, const lw_values_query *query)
{
    *chart = (lw_chart){.from = query->from, .step = query->step, .backwards = query->newest_first};
}

int lw_chart_compare(const lw_chart_point *a, const lw_chart_point *b)
{
    if (a->value.at != b->value.at) {
        return a->value.at < b->value.at ? -1 : 1;
    }
    return (a->order > b->order) - (a->order < b->order);
}

unsigned lw_chart_end(lw_chart *chart, lw_chart_point out[2])
{
    if (!chart->is_open) {
        return 0;
    }
    chart->is_open = false;
    int order = lw_chart_compare(&chart->smallest, &chart->largest);
    bool smallest_first = (order < 0) != chart->backwards;
    out[0] = smallest_first ? chart->smallest : chart->largest;
    out[1] = smallest_first ? chart->largest : chart->smallest;
    return order == 0 ? 1 : 2;
}

unsigned lw_chart_feed(lw_chart *chart, const lw_row_value *value, uint64_t order,
                       lw_chart_point out[2])
{
    lw_chart_point point = {.value = *value, .order = order};
    if (!lw_value_to_number(&value->value, &point.number) || point.number != point.number) {
        return 0; /* no number, or NaN */
    }
    /* Unsigned: between two times may lie more than a time can tell. */
    uint64_t index = ((uint64_t)value->at - (uint64_t)chart->from) / (uint64_t)chart->step;
    unsigned count = 0;
    if (chart->is_open && index != chart->index) {
        count = lw_chart_end(chart, out);
    }
    if (!chart->is_open) {
        chart->is_open = true;
        chart->index = index;
        chart->smallest = chart->largest = point;
        return count;
    }
    /* Of equal ones the earliest, whichever way they come. */
    bool is_earlier = lw_chart_compare(&point, &chart->smallest) < 0;
    if (point.number < chart->smallest.number ||
        (point.number == chart->smallest.number && is_earlier)) {
        chart->smallest = point;
    }
    is_earlier = lw_chart_compare(&point, &chart->largest) < 0;
    if (point.number > chart->largest.number ||
        (point.number == chart->largest.number && is_earlier)) {
        chart->largest = point;
    }
    return count;
}
