/* What a server may read below some paths, as a source for the encoders. The position is a target
 * and the path that was looked at last, so nothing is kept outside of the cursor. */
#include "client/serve.h"
#include "model/access.h"

/* A cursor as it is used here: all zero at the start, and without gaps. */
typedef struct position {
    lw_path at;      /* what was looked at last of this target; the root: nothing yet */
    uint32_t target; /* of the list */
    uint32_t gap;
} position;
_Static_assert(sizeof(position) <= sizeof(lw_cursor), "a position is kept in a cursor");

/* The target itself first, even if it is not there; false when there is no more of it. */
static bool step(const lw_readable *r, position *p)
{
    lw_path target = r->targets[p->target];
    if (lw_path_equal(p->at, lw_path_root()) && !lw_path_equal(p->at, target)) {
        p->at = target;
        return true;
    }
    return lw_tree_walk(&r->client->tree, &p->at, lw_path_depth(target),
                        LW_LEVEL_RESOURCE_INSTANCE);
}

/* BS-24: the Bootstrap-Server reads what has no operations, too, and is asked for no rights. */
static bool is_bootstrap(const lw_readable *r)
{
    return r->server != NULL && r->server->ssid == 0;
}

static bool may_read(const lw_readable *r, lw_path path)
{
    return r->server == NULL || is_bootstrap(r) ||
           (lw_rights_of(r->server, path) & LW_RIGHT_R) != 0;
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

/* Is there something to yield at this place? A value that cannot be had now is left out. */
static bool look(const lw_readable *r, lw_path path, lw_entry *out)
{
    lw_place at;
    lw_tree_find(&r->client->tree, path, &at);
    bool is_open = at.def != NULL && (is_bootstrap(r) || (at.def->ops & LW_OP_R) != 0); /* MDL-03 */
    return is_open && may_read(r, path) && lw_entry_at(&at, out);
}

static lw_err next(void *ctx, lw_cursor *cursor, lw_entry *out)
{
    const lw_readable *r = ctx;
    position p;
    memcpy(&p, cursor, sizeof p);
    lw_err err = LW_END;
    while (err == LW_END && p.target < r->target_count) {
        if (!step(r, &p)) {
            p = (position){.target = p.target + 1};
        } else if (look(r, p.at, out)) {
            err = LW_OK;
        }
    }
    memcpy(cursor, &p, sizeof p);
    return err;
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
