/* What LwM2M 1.2 added to Observe: attributes in the query, which count instead of those attached
 * (OBS-02), con with its default 1/x/26, and hqmax.
 *
 * Queries lie in places of their own. A place is taken as long as an observation refers to it, and
 * two that ask for the same refer to the same: with one place more than there are observations, a
 * request always finds one. */
#include "client/feature.h"
#include "client/observe.h"
#include "lw/objects.h"

static bool is_taken(const lw_observing *all, const lw_attrs *place)
{
    const lw_link *l = all->list.next;
    while (l != &all->list && LW_CONTAINER(l, const lw_observed, link)->query != place) {
        l = l->next;
    }
    return l != &all->list;
}

/* Compared by their octets: no padding, and what is absent is zero. */
static const lw_attrs *keep(lw_observing *all, const lw_attrs *query)
{
    lw_attrs *places = lw_client_feature_state(all->client, &lw_feature_observe_1_2);
    lw_attrs *unused = places; /* until it is found */
    for (size_t i = 0; i <= all->client->cfg.observations_max; i++) {
        if (!is_taken(all, &places[i])) {
            unused = &places[i];
        } else if (lw_bytes_equal(lw_bytes_of(&places[i], sizeof *query),
                                  lw_bytes_of(query, sizeof *query))) {
            return &places[i];
        }
    }
    *unused = *query;
    return unused;
}

static lw_err read_query(lw_observing *all, const lw_call *call, const lw_attrs **out_query)
{
    lw_attrs_change asked = {.named = 0};
    if (!lw_version_has((lw_version)call->server->version, LW_FEATURE_OBSERVE_ATTRIBUTES)) {
        return LW_EINVAL;
    }
    lw_err err = lw_attrs_asked(all, call, &asked);
    if (err == LW_OK) {
        *out_query = keep(all, &asked.attrs);
    }
    return err;
}

static bool replace(const lw_observed *obs, bool is_value, lw_attrs *attrs)
{
    attrs->con =
        lw_server_setting(obs->values.server, LW_RES_SERVER_DEFAULT_NOTIFICATION_MODE, 0) != 0;
    if (obs->query == NULL || (is_value && obs->values.is_list)) {
        return false;
    }
    lw_attrs_inherit(attrs, obs->query);
    return true;
}

/* ---- Set-up ---------------------------------------------------------------------------------- */

static size_t size(const lw_client_cfg *cfg)
{
    return (cfg->observations_max + 1u) * sizeof(lw_attrs);
}

static lw_err init(lw_client *client, void *state)
{
    static const lw_observe_1_2 hooks = {.query = read_query, .keep = keep, .replace = replace};
    lw_observing *all = lw_client_feature_state(client, &lw_feature_observe);
    (void)state;
    if (all == NULL) {
        return LW_EINVAL;
    }
    all->since_1_2 = &hooks;
    all->known.bits |= LW_ATTRS_DELIVERY;
    all->known.may_stand = lw_attr_may_stand;
    return LW_OK;
}

const lw_client_feature lw_feature_observe_1_2 = {.size = size, .init = init};
