/* Object lists. Devices of a kind send the same text: it is kept once, with what is asked of it
 * again and again laid out for searching.
 */
#ifndef LW_SERVER_SHARED_LINKS_H
#define LW_SERVER_SHARED_LINKS_H

#include "server/engine.h"

typedef struct lw_listed_object {
    uint16_t id;
    lw_object_version version; /* announced, or implied by the enabler version (VER-13) */
} lw_listed_object;

struct lw_links {
    lw_map_node node;
    uint32_t borrowers;
    uint8_t version;            /* lw_version of the devices */
    lw_bytes text;              /* as it was received */
    lw_bytes alternate_path;    /* "lwm2m"; usually empty */
    lw_bytes formats;           /* `ct` of the root link: iterate with lw_link_number_next */
    uint16_t count;             /* of objects */
    lw_listed_object objects[]; /* ascending, none twice; the text behind them */
};

LW_MUST_CHECK lw_err lw_links_init(lw_server *server);
/* Every list must have been released. */
void lw_links_fini(lw_server *server);

/* The list that this text is, for devices of that enabler version. LW_EFORMAT, LW_ETOOBIG (more
 * links than the limit), LW_ENOMEM. */
LW_MUST_CHECK lw_err lw_links_borrow(lw_server *server, lw_bytes text, lw_version version,
                                     lw_links **out_links);
void lw_links_release(lw_server *server, lw_links *links); /* NULL is ignored */

/* NULL when the object is not listed. */
const lw_listed_object *lw_links_find(const lw_links *links, uint16_t object);

/* The definition of an object of that device, as it has registered it; NULL: unknown. */
const lw_object_def *lw_links_definition(const lw_server *server, const lw_links *links,
                                         uint16_t object);
/* The type of a resource for decoders (lw_type_lookup). ctx: a lw_links_types. */
typedef struct lw_links_types {
    const lw_server *server;
    const lw_links *links;
} lw_links_types;
lw_type lw_links_type_of(void *ctx, lw_path path);

/* ---- Profiles (REG-53) ----
 * Which list a profile id stands for: set by an operator, or learned. Replaces what it stood for;
 * LW_ENOMEM also at the ceiling. */
#define LW_PROFILES_MAX 1024u
LW_MUST_CHECK lw_err lw_profile_learn(lw_server *server, lw_bytes id, lw_bytes list);
/* Empty: not known. */
lw_bytes lw_profile_list(const lw_server *server, lw_bytes id);

#endif
