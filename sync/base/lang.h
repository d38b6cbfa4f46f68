/*
 * lang -- every sentence for people, in the language they chose.
 *
 * The English sentence is the key; schema/lang/nl.tsv holds the Dutch one
 * and is compiled in.  A sentence that is missing there is shown in English.
 */
#ifndef SYNC_BASE_LANG_H
#define SYNC_BASE_LANG_H

enum lang { LANG_EN, LANG_NL };

/* The process has one language; main sets it before anything is said. */
void lang_set(enum lang);
enum lang lang_now(void);

/* english in the language set.  Static; never NULL. */
const char *say(const char *english) __attribute__((format_arg(1)));

#endif
