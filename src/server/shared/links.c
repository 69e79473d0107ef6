#include "server/shared/links.h"

#include <string.h>

#include "model/registry.h"

/* Which list a profile id stands for. */
typedef struct lw_profile {
    lw_link link;
    lw_bytes id;
    lw_bytes list; /* both behind it */
} lw_profile;

/* ---- The shared lists ----------------------------------------------------------------------- */

static uint64_t hash_of_text(const lw_server *server, lw_bytes text, uint8_t version)
{
    return lw_hash(&server->secret, text) + version;
}

static const lw_links *links_of(const lw_map_node *node)
{
    return (const lw_links *)(const void *)node; /* its first member */
}

static uint64_t hash_of(const void *ctx, const lw_map_node *node)
{
    const lw_links *l = links_of(node);
    return hash_of_text(ctx, l->text, l->version);
}

lw_err lw_links_init(lw_server *server)
{
    return lw_map_init(&server->links, &server->mem, hash_of, server);
}

static void forget_profile(lw_server *server, lw_profile *p);

void lw_links_fini(lw_server *server)
{
    while (!lw_list_is_empty(&server->profiles)) {
        forget_profile(server, LW_CONTAINER(server->profiles.next, lw_profile, link));
    }
    lw_map_fini(&server->links);
}

static lw_links *find(const lw_server *server, lw_bytes text, uint8_t version)
{
    lw_map_node *n = lw_map_first(&server->links, hash_of_text(server, text, version));
    for (; n != NULL; n = n->next) {
        lw_links *l = (lw_links *)(void *)n;
        if (l->version == version && lw_bytes_equal(l->text, text)) {
            return l;
        }
    }
    return NULL;
}

/* ---- Laying one out -------------------------------------------------------------------------- */

/* Where an object is, or belongs. */
static uint16_t place_of(const lw_links *links, uint16_t object)
{
    uint16_t low = 0;
    uint16_t high = links->count;
    while (low < high) {
        uint16_t mid = (uint16_t)(low + (high - low) / 2);
        if (links->objects[mid].id < object) {
            low = (uint16_t)(mid + 1);
        } else {
            high = mid;
        }
    }
    return low;
}

/* VER-14: what the object link says wins over what instance links say. */
static void take(lw_links *links, const lw_object_link *link)
{
    uint16_t object = lw_path_id(link->path, LW_LEVEL_OBJECT);
    uint16_t at = place_of(links, object);
    lw_listed_object *o = &links->objects[at];
    bool is_new = at == links->count || o->id != object;
    if (is_new) {
        memmove(o + 1, o, (size_t)(links->count - at) * sizeof *o);
        links->count++;
        *o = (lw_listed_object){
            .id = object, .version = lw_object_version_implied((lw_version)links->version, object)};
    }
    if (link->has_version && (is_new || lw_path_depth(link->path) == LW_LEVEL_OBJECT)) {
        o->version = link->version;
    }
}

static lw_bytes copied(const lw_links *links, lw_bytes original, lw_bytes view)
{
    return view.len == 0 ? view
                         : lw_bytes_of(links->text.ptr + (view.ptr - original.ptr), view.len);
}

/* The same text, and the objects in front of it. */
static lw_links *lay_out(lw_server *server, lw_bytes text, lw_version version, lw_object_list *list)
{
    size_t room = sizeof(lw_listed_object) * list->count;
    lw_links *links = lw_mem_alloc(&server->mem, sizeof *links + room + text.len);
    if (links == NULL) {
        return NULL;
    }
    uint8_t *copy = (uint8_t *)links->objects + room;
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    links->text = lw_bytes_of(copy, text.len);
    links->version = (uint8_t)version;
    links->alternate_path = copied(links, text, list->alternate_path);
    links->formats = copied(links, text, list->formats);
    lw_object_link link;
    while (lw_object_list_next(list, &link)) {
        take(links, &link);
    }
    return links;
}

lw_err lw_links_borrow(lw_server *server, lw_bytes text, lw_version version, lw_links **out_links)
{
    lw_links *links = find(server, text, (uint8_t)version);
    if (links == NULL) {
        lw_register_policy policy = {.links_max = server->cfg.limits.links};
        lw_object_list list;
        lw_refusal refusal = lw_object_list_open(&list, text, &policy);
        if (refusal != LW_REFUSAL_NONE) {
            return refusal == LW_REFUSAL_LONG_LIST ? LW_ETOOBIG : LW_EFORMAT;
        }
        links = lay_out(server, text, version, &list);
        if (links == NULL) {
            return LW_ENOMEM;
        }
        lw_map_add(&server->links, &links->node);
    }
    links->borrowers++;
    *out_links = links;
    return LW_OK;
}

void lw_links_release(lw_server *server, lw_links *links)
{
    if (links != NULL && --links->borrowers == 0) {
        lw_map_remove(&server->links, &links->node);
        lw_mem_release(&server->mem, links);
    }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

const lw_listed_object *lw_links_find(const lw_links *links, uint16_t object)
{
    uint16_t at = place_of(links, object);
    return at < links->count && links->objects[at].id == object ? &links->objects[at] : NULL;
}

const lw_object_def *lw_links_definition(const lw_server *server, const lw_links *links,
                                         uint16_t object)
{
    const lw_listed_object *o = lw_links_find(links, object);
    lw_object_version version =
        o != NULL ? o->version : lw_object_version_implied((lw_version)links->version, object);
    return server->cfg.registry != NULL ? lw_registry_find(server->cfg.registry, object, version)
                                        : NULL;
}

lw_type lw_links_type_of(void *ctx, lw_path path)
{
    const lw_links_types *types = ctx;
    const lw_object_def *def =
        lw_links_definition(types->server, types->links, lw_path_id(path, LW_LEVEL_OBJECT));
    const lw_resource_def *resource =
        def != NULL && lw_path_depth(path) >= LW_LEVEL_RESOURCE
            ? lw_object_def_resource(def, lw_path_id(path, LW_LEVEL_RESOURCE))
            : NULL;
    return resource != NULL ? (lw_type)resource->type : LW_TYPE_NONE;
}

/* ---- Profiles (REG-53) -----------------------------------------------------------------------
 * Few, and asked for only when a device registers with one: a list.
 */

static lw_profile *find_profile(const lw_server *server, lw_bytes id)
{
    for (lw_link *l = server->profiles.next; l != &server->profiles; l = l->next) {
        lw_profile *p = LW_CONTAINER(l, lw_profile, link);
        if (lw_bytes_equal(p->id, id)) {
            return p;
        }
    }
    return NULL;
}

static void forget_profile(lw_server *server, lw_profile *p)
{
    if (p != NULL) {
        lw_list_remove(&p->link);
        lw_mem_release(&server->mem, p);
        server->profile_count--;
    }
}

lw_err lw_profile_learn(lw_server *server, lw_bytes id, lw_bytes list)
{
    lw_profile *old = find_profile(server, id);
    if (old == NULL && server->profile_count == LW_PROFILES_MAX) {
        return LW_ENOMEM;
    }
    lw_profile *p = lw_mem_alloc(&server->mem, sizeof *p + id.len + list.len);
    if (p == NULL) {
        return LW_ENOMEM;
    }
    uint8_t *octets = (uint8_t *)(p + 1);
    memcpy(octets, id.ptr, id.len);
    memcpy(octets + id.len, list.ptr, list.len);
    p->id = lw_bytes_of(octets, id.len);
    p->list = lw_bytes_of(octets + id.len, list.len);
    forget_profile(server, old);
    lw_list_add_last(&server->profiles, &p->link);
    server->profile_count++;
    return LW_OK;
}

lw_bytes lw_profile_list(const lw_server *server, lw_bytes id)
{
    const lw_profile *p = find_profile(server, id);
    return p != NULL ? p->list : lw_bytes_of(NULL, 0);
}
