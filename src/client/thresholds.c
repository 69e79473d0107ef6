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
        lw_mem_release(&obs->all->watching->mem, gone);
    }
}

/* Those of one target, behind *at, the end of the list. NULL without memory for all of them. */
static lw_watched **watch(lw_observed *obs, lw_watched **at, const lw_path *target)
{
    lw_readable one = obs->values;
    one.targets = target;
    one.target_count = 1;
    lw_source source = lw_readable_source(&one);
    lw_cursor cursor = {{0}};
    lw_entry e;
    double number;
    while (at != NULL && source.next(source.ctx, &cursor, &e) == LW_OK) {
        if (lw_conditions_on(&e.value, &number) == 0) {
            continue;
        }
        lw_watched *w = lw_mem_alloc(&obs->all->watching->mem, sizeof *w);
        *at = w;
        at = NULL;
        if (w != NULL) {
            w->path = e.path;
            lw_watch_set_notified(&w->watch, &e.value);
            at = &w->next;
        }
    }
    return at;
}

static void told(lw_observed *obs)
{
    forget(obs);
    lw_watched **at = &obs->watched;
    for (unsigned i = 0; at != NULL && i < obs->values.target_count; i++) {
        if (lw_path_depth(obs->targets[i]) >= LW_LEVEL_RESOURCE) {
            at = watch(obs, at, &obs->targets[i]);
        }
    }
    if (at == NULL) {
        forget(obs);
    }
}

static bool sample(lw_observed *obs)
{
    lw_client *client = obs->values.client;
    bool met = false;
    lw_watched *w = obs->watched;
    for (unsigned i = 0; w != NULL; i++) {
        lw_attrs attrs;
        lw_observed_value_attrs(obs, i, &attrs);
        for (; w != NULL && lw_path_contains(obs->targets[i], w->path); w = w->next) {
            lw_value value;
            if (lw_tree_get(&client->tree, w->path, &value) != LW_OK) {
                value = lw_value_none();
            }
            met |= lw_watch_sample(&w->watch, &attrs, &value, obs->all->decimal);
        }
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
    all->decimal = decimal;
    all->watching = w;
    lw_pool_init(&w->pool, (uint8_t *)(w + 1), pool_size(&client->cfg));
    w->mem = lw_pool_mem(&w->pool);
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

const lw_client_feature lw_feature_thresholds = {.size = size, .init = init};
const lw_client_feature lw_feature_one_way_thresholds = {.size = size, .init = init_one_way};
