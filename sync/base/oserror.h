/*
 * oserror -- what the system refused, in the words of the kit.
 *
 * The C library says it in English only, and to programmers.
 */
#ifndef SYNC_BASE_OSERROR_H
#define SYNC_BASE_OSERROR_H

/* The sentence for an errno, in the language set; of one that a user hardly
 * meets the C library's.  Valid until the next call in this thread. */
const char *oserror(int number);

#endif
