/* gt, lt, st and edge (ATT-32..35): each number and each flag that is observed as a resource, or as
 * an instance of one, has a watch of its own. An observation that finds no memory for all of them
 * has none: then any change counts. */
#include "client/feature.h"
#include "client/observe.h"

/* Those of one target, behind *at, the end of the list. NULL without memory for all of them. */
static lw_watched **watch(lw_observed *obs, lw_watched **at, const lw_path *target)
{
    lw_readable readable = lw_observed_values(obs, target, 1);
    lw_source source = lw_readable_source(&readable);
    lw_cursor cursor = {{0}};
    lw_entry e;
    while (at != NULL && source.next(source.ctx, &cursor, &e) == LW_OK) {
        lw_sample now = lw_sample_of(e.value);
        if (now.kind == LW_SAMPLE_OTHER) {
            continue;
        }
        lw_watched *w = lw_mem_alloc(&obs->all->mem, sizeof *w);
        *at = w;
        at = NULL;
        if (w != NULL) {
            w->path = e.path;
            lw_watch_set_notified(&w->watch, now);
            at = &w->next;
        }
    }
    return at;
}

static void told(lw_observed *obs)
{
    lw_observed_unwatch(obs);
    lw_watched **at = &obs->watched;
    for (unsigned i = 0; at != NULL && i < obs->target_count; i++) {
        if (lw_path_depth(obs->targets[i]) >= LW_LEVEL_RESOURCE) {
            at = watch(obs, at, &obs->targets[i]);
        }
    }
    if (at == NULL) {
        lw_observed_unwatch(obs);
    }
}

static bool sample(lw_observed *obs)
{
    lw_client *client = obs->all->client;
    bool met = false;
    lw_watched *w = obs->watched;
    for (unsigned i = 0; i < obs->target_count; i++) {
        lw_attrs attrs;
        lw_observed_attrs_at(obs, obs->targets[i], &attrs);
        for (; w != NULL && lw_path_contains(obs->targets[i], w->path); w = w->next) {
            lw_value value;
            if (lw_tree_get(&client->tree, w->path, &value) != LW_OK) {
                value = lw_value_none();
            }
            met |=
                lw_watch_sample(&w->watch, &attrs, lw_sample_of(value), lw_client_decimal(client));
        }
    }
    return met;
}

const lw_client_feature lw_feature_thresholds = {
    .part = LW_PART_THRESHOLDS,
    .as.thresholds = {.decimal = &lw_attr_decimal_text, .told = told, .sample = sample}};
const lw_client_feature lw_feature_one_way_thresholds = {
    .part = LW_PART_THRESHOLDS,
    .as.thresholds = {.decimal = &lw_attr_decimal_one_way, .told = told, .sample = sample}};
