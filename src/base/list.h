/* Intrusive doubly linked list: the link lives inside the element, so that adding and removing need
 * no memory and no search. A link is in at most one list. Iterate with
 *
 *   for (lw_link *l = list.next; l != &list; l = l->next)
 *
 * and take `l->next` beforehand when the body may remove l. The head is a link of its own.
 */
#ifndef LW_BASE_LIST_H
#define LW_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lw_link lw_link;
struct lw_link {
    lw_link *prev, *next;
};

/* Makes an empty list, or a link that is in no list. */
static inline void lw_list_init(lw_link *head)
{
    head->prev = head->next = head;
}

static inline bool lw_list_is_empty(const lw_link *head)
{
    return head->next == head;
}

void lw_list_add_last(lw_link *head, lw_link *link);
void lw_list_add_first(lw_link *head, lw_link *link);

/* Takes the link out of whatever list it is in; it is then in none. Harmless when it is in none. */
void lw_list_remove(lw_link *link);

/* Moves everything to out_head, which need not be initialised; head is empty afterwards. */
void lw_list_take(lw_link *head, lw_link *out_head);

/* The structure that contains this link: LW_CONTAINER(link, lw_exchange, peer_link). */
#define LW_CONTAINER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
