/*
 * keyfile_own -- what the files keyfile*.c share: where things stand in the
 * file, subkeys, the two copies.
 */
#ifndef FIELDKIT_KEYFILE_OWN_H
#define FIELDKIT_KEYFILE_OWN_H

#include "sync/base/buf.h"
#include "sync/base/fault.h"

struct keyfile;

/*
 * offset  length
 *      0       8  "KITKEY" version
 *      8      16  device id
 *     24       1  flags: 1 practice
 *     25       1  slots: 2
 *     26       1  database keys: 1 or 2
 *     27       1  0
 *     28       8  generation
 *     36      97  slot 1, passphrase: kind 1 | ops 4 | memory KiB 4 |
 *                 salt 16 | nonce 24 | box 48
 *    133      81  slot 2, recovery: kind 2 | crypto_box_seal 80
 *    214      72  each database key: nonce 24 | box 48
 *      n      32  MAC under the master key
 *    n+32     32  hash of all before
 */
#define AT_COUNT	26
#define AT_BODY		36
#define AT_SALT		45
#define AT_NONCE	61
#define AT_BOX		85
#define AT_SLOT2	133
#define AT_KEYS		214
#define BOX_LEN		(32 + 16)
#define SEAL_LEN	(32 + 48)
#define KEY_LEN		(24 + BOX_LEN)
#define TAIL_LEN	64
#define KEYS_MAX	2
#define FILE_MAX	(AT_KEYS + KEYS_MAX * KEY_LEN + TAIL_LEN)

#define SUBKEY_CONTEXT	"kit1kfil"
#define SUBKEY_MAC	1
#define SUBKEY_WRAP	2

fault keyfile_damaged(void);

/* A key derived from the master key; locked memory. */
uint8_t *keyfile_subkey(const uint8_t master[32], uint64_t number);
/* MAC and hash behind all of it. */
void keyfile_tail(struct buf *, const uint8_t master[32]);
/* A fresh database key at the end of a keyfile that begins with its head. */
void keyfile_fresh_key(struct buf *, const uint8_t master[32]);

bool keyfile_has_copy(const char *home, int which);
fault keyfile_write_copy(const char *home, int which, struct bytes all)
    MUST_CHECK;
/* FAULT_FAIL if another process has written the keyfile since k was read. */
fault keyfile_same(const struct keyfile *k) MUST_CHECK;
/*
 * Both copies become b, which is taken over, one after the other; *counts as
 * soon as the first is there.  Under keyfile_lock.
 */
fault keyfile_put(struct keyfile *, struct buf *b, bool *counts) MUST_CHECK;

#endif
