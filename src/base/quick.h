/* A second, quicker way for what is most often done, beside one that does all: for servers.
 * Microcontrollers encode a message a second at most. */
#ifndef LW_BASE_QUICK_H
#define LW_BASE_QUICK_H

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define LW_QUICK 0
#else
#define LW_QUICK 1
#endif

#endif
