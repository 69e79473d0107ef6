/* gt, lt, st and edge (ATT-32..35): each number and each flag that is observed as a resource, or as
 * an instance of one, has a watch of its own. An observation that finds no memory for all of them
 * has none: then any change counts. */
#include "client/feature.h"
#include "client/observe.h"

static void forget(lw_observed *obs)
{
    while (obs->watched != NULL) {
        lw_watched *gone = obs->watched;
        obs->watched = gone->next;
        lw_mem_release(&obs->all->watching->pool->mem, gone);
    }
}

/* Values come in the order of the targets, which are disjoint. */
static void told(lw_observed *obs)
{
    lw_source source = lw_readable_source(&obs->values);
    lw_watched **at = &obs->watched;
    lw_cursor cursor = {.at = {0}};
    lw_entry e;
    uint8_t target = 0;
    forget(obs);
    while (source.next(source.ctx, &cursor, &e) == LW_OK) {
        while (!lw_path_contains(obs->targets[target], e.path)) {
            target++;
        }
        lw_watched found = {.target = target, .path = e.path};
        if (!lw_path_reaches(obs->targets[target], LW_LEVEL_RESOURCE) ||
            !lw_watch_begin(&found.watch, &e.value)) {
            continue;
        }
        lw_watched *w = lw_mem_alloc(&obs->all->watching->pool->mem, sizeof *w);
        if (w == NULL) {
            forget(obs);
            return;
        }
        *w = found;
        *at = w;
        at = &w->next;
    }
}

static bool sample(lw_observed *obs)
{
    bool met = false;
    for (lw_watched *w = obs->watched; w != NULL; w = w->next) {
        lw_attrs attrs;
        lw_value value;
        lw_observed_attrs_at(obs, w->target, true, &attrs);
        if (lw_tree_get(&obs->values.client->tree, w->path, &value) != LW_OK) {
            value = lw_value_none();
        }
        met |= lw_watch_sample(&w->watch, &attrs, &value, obs->all->known.decimal);
    }
    return met;
}

static bool is_watched(const lw_observed *obs, lw_path path)
{
    const lw_watched *w = obs->watched;
    while (w != NULL && !lw_path_equal(w->path, path)) {
        w = w->next;
    }
    return w != NULL;
}

static lw_err next_unwatched(void *ctx, lw_cursor *cursor, lw_entry *e)
{
    const lw_observed *obs = ctx;
    lw_source all = lw_readable_source(&obs->values);
    lw_err err;
    do {
        err = all.next(all.ctx, cursor, e);
    } while (err == LW_OK && is_watched(obs, e->path));
    return err;
}

/* A value that crosses a threshold and falls back before anything can be sent has crossed it (rule
 * 38): it is judged at once. */
static void on_change(void *state, lw_client *client, lw_tree_change change, lw_path path)
{
    lw_observing *all = ((lw_watching *)state)->all;
    (void)client;
    (void)change;
    (void)path;
    for (lw_link *l = all->list.next; l != &all->list; l = l->next) {
        lw_observed *obs = lw_observed_of(l);
        if (obs->watched != NULL) {
            lw_attrs attrs;
            lw_observed_attrs(obs, &attrs);
            lw_observed_evaluate(obs, &attrs);
        }
    }
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

/* Room for as many observations of one value each; one of many takes the room of several. */
static size_t pool_size(const lw_client_cfg *cfg)
{
    return lw_pool_overhead() + cfg->observations_max * lw_pool_cost(sizeof(lw_watched));
}

static size_t size(const lw_client_cfg *cfg)
{
    return sizeof(lw_watching) + pool_size(cfg);
}

static lw_err start(lw_client *client, lw_watching *w, const lw_attr_decimal *decimal)
{
    static const lw_thresholds hooks = {told, sample, next_unwatched, forget};
    lw_observing *all = lw_client_feature_state(client, &lw_feature_observe);
    if (all == NULL) {
        return LW_EINVAL;
    }
    all->thresholds = &hooks;
    all->known.bits |= LW_ATTRS_CONDITIONS;
    all->known.may_stand = lw_attr_may_stand;
    all->known.decimal = decimal;
    all->watching = w;
    w->all = all;
    w->pool = lw_pool_init(w + 1, pool_size(&client->cfg));
    return LW_OK;
}

static lw_err init(lw_client *client, void *state)
{
    return start(client, state, &lw_attr_decimal_text);
}

static lw_err init_one_way(lw_client *client, void *state)
{
    return start(client, state, &lw_attr_decimal_one_way);
}

const lw_client_feature lw_feature_thresholds = {
    .size = size, .init = init, .on_change = on_change};
const lw_client_feature lw_feature_one_way_thresholds = {
    .size = size, .init = init_one_way, .on_change = on_change};
