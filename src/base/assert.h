/* lw_assert: for our own mistakes only. Input from a network or a store is never asserted.
 *
 * On in debug, test and fuzz builds; gone where NDEBUG is defined, and the condition is then not
 * evaluated. The portable floors must not name abort(), so a failing assertion traps.
 */
#ifndef LW_BASE_ASSERT_H
#define LW_BASE_ASSERT_H

#ifdef NDEBUG
#define lw_assert(cond) ((void)sizeof(cond))
#else
#define lw_assert(cond) ((cond) ? (void)0 : __builtin_trap())
#endif

#endif
