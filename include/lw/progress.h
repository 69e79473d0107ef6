/* How far a transfer of bodies in blocks is. */
#ifndef LW_PROGRESS_H
#define LW_PROGRESS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Octets. When the other side wants or gives a body anew, it falls back to 0. */
typedef struct lw_progress {
    size_t sent, sent_of;         /* of the body that goes: what was taken, and all of it */
    size_t received, received_of; /* of the one that comes; of 0: nobody has said how large it is */
} lw_progress;

#ifdef __cplusplus
}
#endif
#endif
