#include "store/row.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_names[LW_ROW_KIND_COUNT] = {
    [LW_ROW_DEVICE] = "device",         [LW_ROW_WISH] = "wish",
    [LW_ROW_REQUEST] = "request",       [LW_ROW_VALUE] = "value",
    [LW_ROW_CREDENTIAL] = "credential", [LW_ROW_BOOTSTRAP] = "bootstrap",
    [LW_ROW_MODEL] = "model",           [LW_ROW_TOKEN] = "token",
    [LW_ROW_SETTING] = "setting",
};

const char *lw_row_kind_name(lw_row_kind kind)
{
    return (size_t)kind < LW_ROW_KIND_COUNT ? kind_names[kind] : NULL;
}

bool lw_row_kind_is_document(lw_row_kind kind)
{
    return (size_t)kind >= LW_ROW_CREDENTIAL && (size_t)kind < LW_ROW_KIND_COUNT;
}

static bool value_has_bytes(const lw_value *value)
{
    return value->type == LW_TYPE_STRING || value->type == LW_TYPE_OPAQUE ||
           value->type == LW_TYPE_CORELNK;
}

size_t lw_row_slices(lw_row *row, lw_bytes *out[LW_ROW_SLICES_MAX])
{
    size_t n = 0;
    switch (row->kind) {
    case LW_ROW_DEVICE:
        out[n++] = &row->as.device.endpoint;
        out[n++] = &row->as.device.location;
        out[n++] = &row->as.device.sms;
        out[n++] = &row->as.device.profiles;
        out[n++] = &row->as.device.links;
        out[n++] = &row->as.device.unknown;
        break;
    case LW_ROW_WISH:
        out[n++] = &row->as.wish.endpoint;
        out[n++] = &row->as.wish.target;
        out[n++] = &row->as.wish.attributes;
        break;
    case LW_ROW_REQUEST:
        out[n++] = &row->as.request.endpoint;
        out[n++] = &row->as.request.path;
        out[n++] = &row->as.request.body;
        out[n++] = &row->as.request.arguments;
        out[n++] = &row->as.request.answer;
        break;
    case LW_ROW_VALUE:
        out[n++] = &row->as.value.endpoint;
        if (value_has_bytes(&row->as.value.value)) {
            out[n++] = &row->as.value.value.as.bytes;
        }
        break;
    default:
        out[n++] = &row->as.document.key;
        out[n++] = &row->as.document.text;
        break;
    }
    return n;
}

/* How many of the slices, from the first on, are the key. */
static size_t key_slices(const lw_row *row)
{
    switch (row->kind) {
    case LW_ROW_WISH:
        return 2;
    case LW_ROW_REQUEST:
        return 0; /* a number */
    default:
        return 1;
    }
}

/* The same row with its key alone, so that what else a caller left in it does not matter. */
static lw_row key_of(const lw_row *row)
{
    lw_row key = {.kind = row->kind};
    switch (row->kind) {
    case LW_ROW_DEVICE:
        key.as.device.endpoint = row->as.device.endpoint;
        break;
    case LW_ROW_WISH:
        key.as.wish.endpoint = row->as.wish.endpoint;
        key.as.wish.target = row->as.wish.target;
        break;
    case LW_ROW_REQUEST:
        key.as.request.id = row->as.request.id;
        break;
    default:
        key.as.document.key = row->as.document.key;
        break;
    }
    return key;
}

static lw_err check_slices(lw_row row)
{
    lw_bytes *slices[LW_ROW_SLICES_MAX];
    size_t n = lw_row_slices(&row, slices);
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (i < key_slices(&row)) {
            if (slices[i]->len == 0) {
                return LW_EINVAL;
            }
            if (slices[i]->len > LW_ROW_KEY_MAX) {
                return LW_ETOOBIG;
            }
        }
        if (slices[i]->len > LW_ROW_MAX - sum) {
            return LW_ETOOBIG;
        }
        sum += slices[i]->len;
    }
    return LW_OK;
}

lw_err lw_row_check(const lw_row *row, bool key)
{
    if (row->kind >= LW_ROW_KIND_COUNT) {
        return LW_EINVAL;
    }
    if (key) {
        return row->kind == LW_ROW_VALUE ? LW_EINVAL : check_slices(key_of(row));
    }
    if (row->kind == LW_ROW_REQUEST && row->as.request.endpoint.len == 0) {
        return LW_EINVAL;
    }
    if (row->kind == LW_ROW_VALUE && row->as.value.value.type > LW_TYPE_CORELNK) {
        return LW_EINVAL;
    }
    return check_slices(*row);
}

lw_err lw_values_query_check(const lw_values_query *query)
{
    bool is_sound =
        query->endpoint.len > 0 && query->endpoint.len <= LW_ROW_KEY_MAX && query->step >= 0;
    return is_sound ? LW_OK : LW_EINVAL;
}

static size_t octets_of(const lw_row *row)
{
    lw_row copy = *row;
    lw_bytes *slices[LW_ROW_SLICES_MAX];
    size_t n = lw_row_slices(&copy, slices);
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += slices[i]->len;
    }
    return sum;
}

/* Copies the row to *out, and what it points to to `octets`, one after the other. */
static void copy_row(lw_row *out, const lw_row *row, uint8_t *octets)
{
    lw_bytes *slices[LW_ROW_SLICES_MAX];
    *out = *row;
    size_t n = lw_row_slices(out, slices);
    for (size_t i = 0; i < n; i++) {
        size_t len = slices[i]->len;
        if (len > 0) {
            memcpy(octets, slices[i]->ptr, len);
        }
        *slices[i] = lw_bytes_of(octets, len);
        octets += len;
    }
}

lw_row *lw_row_dup(const lw_row *row)
{
    lw_row *copy = malloc(sizeof *copy + octets_of(row));
    if (copy != NULL) {
        copy_row(copy, row, (uint8_t *)(copy + 1));
    }
    return copy;
}

lw_err lw_change_new(const lw_row *row, bool removal, lw_haste haste, lw_change **out_change)
{
    lw_err err = lw_row_check(row, removal);
    if (err != LW_OK) {
        return err;
    }
    lw_row wanted = removal ? key_of(row) : *row;
    size_t octets = sizeof(lw_change) + octets_of(&wanted);
    lw_change *change = malloc(octets);
    if (change == NULL) {
        return LW_ENOMEM;
    }
    *change = (lw_change){.urgent = haste == LW_URGENT, .removal = removal, .octets = octets};
    copy_row(&change->row, &wanted, (uint8_t *)(change + 1));
    *out_change = change;
    return LW_OK;
}

void lw_changes_add(lw_changes *list, lw_change *change)
{
    change->next = NULL;
    if (list->last != NULL) {
        list->last->next = change;
    } else {
        list->first = change;
    }
    list->last = change;
    list->count++;
    list->urgent += change->urgent ? 1u : 0u;
    list->octets += change->octets;
}

lw_change *lw_changes_take_first(lw_changes *list)
{
    lw_change *change = list->first;
    if (change != NULL) {
        list->first = change->next;
        if (list->first == NULL) {
            list->last = NULL;
        }
        list->count--;
        list->urgent -= change->urgent ? 1u : 0u;
        list->octets -= change->octets;
    }
    return change;
}

void lw_changes_append(lw_changes *list, lw_changes *more)
{
    if (more->first == NULL) {
        return;
    }
    if (list->last != NULL) {
        list->last->next = more->first;
    } else {
        list->first = more->first;
    }
    list->last = more->last;
    list->count += more->count;
    list->urgent += more->urgent;
    list->octets += more->octets;
    *more = (lw_changes){0};
}

void lw_changes_drop_urgent(lw_changes *list)
{
    lw_changes lazy = {0};
    for (lw_change *c = lw_changes_take_first(list); c != NULL; c = lw_changes_take_first(list)) {
        if (c->urgent) {
            free(c);
        } else {
            lw_changes_add(&lazy, c);
        }
    }
    *list = lazy;
}

void lw_changes_clear(lw_changes *list)
{
    for (lw_change *c = lw_changes_take_first(list); c != NULL; c = lw_changes_take_first(list)) {
        free(c);
    }
}
