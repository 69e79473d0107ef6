/* What a server may read below some paths, as a source for the encoders. */
#include "client/serve.h"
#include "model/access.h"

/* The cursor: what was looked at last of a target, the root for nothing yet, and in at[0] which
 * target of the list that is. */

/* The target itself first, even if it is not there; false when there is no more of it. */
static bool step(const lw_readable *r, lw_path target, lw_path *at)
{
    if (lw_path_equal(*at, lw_path_root()) && !lw_path_equal(*at, target)) {
        *at = target;
        return true;
    }
    return lw_tree_walk(&r->client->tree, at, lw_path_depth(target), LW_LEVEL_RESOURCE_INSTANCE);
}

bool lw_entry_at(const lw_place *at, lw_entry *out)
{
    *out = (lw_entry){.kind = LW_ENTRY_VALUE, .path = at->path};
    if (at->asked == LW_LEVEL_RESOURCE && lw_place_is_multiple(at)) {
        out->kind = LW_ENTRY_EMPTY; /* DM-15; else its instances follow */
        return at->depth == at->asked && lw_tree_count(at->tree, at->path) == 0;
    }
    return lw_place_get(at, &out->value) == LW_OK;
}

/* Is there something to yield at this place? A value that cannot be had now is left out. The
 * Bootstrap-Server reads what has no operations, too, and is asked for no rights (BS-24). */
static bool look(const lw_readable *r, lw_path path, lw_entry *out)
{
    lw_place at;
    lw_tree_find(&r->client->tree, path, &at);
    if (at.def == NULL) {
        return false;
    }
    bool is_bootstrap = r->server != NULL && r->server->ssid == 0;
    bool is_open = is_bootstrap || (at.def->ops & LW_OP_R) != 0; /* MDL-03 */
    bool is_asked = r->server != NULL && !is_bootstrap;
    return is_open && (!is_asked || (lw_rights_of(r->server, path) & LW_RIGHT_R) != 0) &&
           lw_entry_at(&at, out);
}

static lw_err next(void *ctx, lw_cursor *cursor, lw_entry *out)
{
    const lw_readable *r = ctx;
    while (cursor->at[0] < r->target_count) {
        if (!step(r, r->targets[cursor->at[0]], &cursor->path)) {
            cursor->path = lw_path_root();
            cursor->at[0]++;
        } else if (look(r, cursor->path, out)) {
            return LW_OK;
        }
    }
    return LW_END;
}

lw_path lw_readable_base(const lw_readable *readable)
{
    return readable->is_list ? lw_path_root() : readable->targets[0];
}

lw_err lw_readable_allowed(const lw_readable *r)
{
    lw_err err = LW_EDENIED;
    for (size_t i = 0; i < r->target_count && err != LW_OK; i++) {
        err = lw_rights_to_read(r->server, r->targets[i]);
    }
    return err;
}

lw_source lw_readable_source(const lw_readable *readable)
{
    return (lw_source){.next = next, .ctx = (void *)(uintptr_t)readable};
}
