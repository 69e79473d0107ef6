#include "app/lapwing/pages.h"

#include <stdlib.h>
#include <string.h>

#include "app/lapwing/show.h"

#define PAGE "500"

typedef struct listing {
    const cli *cli;
    table table;
    void (*add)(table *t, const json_t *item);
    long left; /* negative: all */
} listing;

/* Returns the cursor of the next page, from malloc; NULL: this is enough. */
static char *take_page(listing *l, const json_t *page)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(page, "items"), i, item)
    {
        if (l->left == 0) {
            return NULL;
        }
        l->left -= l->left > 0;
        l->cli->json ? show_json(item) : l->add(&l->table, item);
    }
    const char *next = json_string_value(json_object_get(page, "next"));
    return next != NULL && l->left != 0 ? strdup(next) : NULL;
}

status pages_show(const cli *c, http *h, const url_path *path, const char *const *heads,
                  void (*add)(table *t, const json_t *item))
{
    listing l = {.cli = c, .add = add, .left = c->limit != NULL ? strtol(c->limit, NULL, 10) : -1};
    char *cursor = NULL;
    status s = STATUS_OK;
    if (path->is_full) {
        return fail(STATUS_USAGE, "the text is too long");
    }
    table_init(&l.table, heads);
    do {
        url_path u = *path;
        answer a;
        url_put_query(&u, "limit", PAGE);
        url_put_query(&u, "cursor", cursor);
        free(cursor);
        s = api_get(c, h, u.text, &a);
        cursor = s == STATUS_OK ? take_page(&l, a.json) : NULL;
        answer_fini(&a);
    } while (cursor != NULL);
    if (s == STATUS_OK && !c->json) {
        table_print(&l.table, stdout, c->color);
    }
    table_fini(&l.table);
    return s;
}
