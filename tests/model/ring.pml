/* Shared arenas: writers without a lock, death, newcomers, stopped writers, and one reader that accounts for every seq.
 *
 * One statement of a STEP is one access to shared memory of the code, in the code's order; its label is the one that
 * stands in writer_steps.hpp (W1 to W4), slot.hpp (S1 to S4, R1 to R4) and settle.hpp (T1 to T3). Memory is sequentially
 * consistent; fences (S2, R3) are therefore not here. A slow writer is one that the search does not schedule; a killed
 * one dies between any two steps; a stopped one (STOPS) stays where it is for ever.
 *
 * Each holding of a seat is a session. That it is over is proved by the witness (witness.hpp), and that nobody but one
 * newcomer is between two sessions by the door (seat.hpp): mutex.pml has both. Here that is one step each, E4 and E5 are
 * as in the code, and so is the look at a seat: the claim, the session, whether it is over. The claims of the dead stay
 * as they are until a newcomer makes them idle.
 *
 * Sizes, -D:   SLOTS, WRITERS, VALUES per writer, SEQS (the search ends where head would pass it),
 *              SHARED (1: the first two writers are two threads of a handle, with a claim each, in one seat; else each
 *              writer has a seat)
 * Faults, -D:  DEATHS, NEWCOMERS (1: a dead writer's seat is taken again), STOPS
 * Parts, -D:   READER, BATCHERS (the first so many writers use alloc_batch) with BATCH values each,
 *              PROBE (values that one more writer allocates when all others have finished or stopped),
 *              HOLD_ANY (the reader may lose its patience at any time), MAX_SKIPS before a writer counts as starved,
 *              GIVES_UP (a writer may give its seq up instead of publishing: its reservation of the mutex is gone),
 *              RUNS (what one scan has found counts for a run of seqs, of the reader's and of the writers'),
 *              LIFE_FIRST (the reader asks whether the holder is dead before it looks at the claim)
 * Mutations:   M_..., each must be found out. tests/model/README.md lists them.
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef VALUES
#define VALUES 2
#endif
#ifndef SEQS
#define SEQS 6
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef NEWCOMERS
#define NEWCOMERS 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef READER
#define READER 0
#endif
#ifndef BATCHERS
#define BATCHERS 0
#endif
#ifndef BATCH
#define BATCH 2
#endif
#ifndef GIVES_UP
#define GIVES_UP 0
#endif
#ifndef RUNS
#define RUNS 0
#endif
#ifndef LIFE_FIRST
#define LIFE_FIRST 0
#endif
#ifndef SHARED
#define SHARED 0
#endif
#ifndef PROBE
#define PROBE 0
#endif
#ifndef HOLD_ANY
#define HOLD_ANY 0
#endif
#if PROBE
#define CLAIMS (WRITERS + 1)
#else
#define CLAIMS WRITERS
#endif
#define SEATS (CLAIMS - SHARED)
#if SHARED
#define SEAT(k) ((k) > 0 -> (k) - 1 : 0)
#else
#define SEAT(k) (k)
#endif
#ifndef MAX_SKIPS
#define MAX_SKIPS SEATS /* as the code: seat_count */
#endif

/* ---- stamp.hpp ---------------------------------------------------------------------------------------------------- */
#define DONE(q) (((q) + 1) * 2)
#define BUSY(q) (((q) + 1) * 2 + 1)
#define STAMP_SEQ(s) ((s) / 2 - 1)
#define PREDECESSOR(q) ((q) >= SLOTS -> DONE((q) - SLOTS) : 0)
#define IS_NEWER(s, q) ((s) > BUSY(q))

#define IDLE(n) ((n) * 4)
#define CLAIMING(n) ((n) * 4 + 1)
#define WRITING(n) ((n) * 4 + 2)
#define KIND(c) ((c) & 3)
#define LO(c) ((c) / 4)
#define END(c, h) ((h) > LO(c) + 1 -> (h) : LO(c) + 1)

#define COVERS(c, h, q) \
  (LO(c) <= (q) && (KIND(c) == 1 || (KIND(c) == 2 && (q) < END(c, h))))
#define BLOCKS(c, h, q) \
  (LO(c) < (q) && (KIND(c) == 1 || (KIND(c) == 2 && \
    (END(c, h) >= (q) -> (q) - LO(c) >= SLOTS : ((q) - LO(c)) / SLOTS != ((q) - END(c, h)) / SLOTS))))

/* A writer's scan: the first later seq, within a lap, that a claim blocks bounds what is clear. */
#if RUNS && !defined(M_CLEAR_ALL)
#define BOUND_ONE(c, h, q) if :: (q) < clear && BLOCKS(c, h, q) -> clear = (q) :: else fi
#if SLOTS == 1
#define BOUND(c, h) skip
#elif SLOTS == 2
#define BOUND(c, h) BOUND_ONE(c, h, seq + 1)
#else
#define BOUND(c, h) BOUND_ONE(c, h, seq + 1); BOUND_ONE(c, h, seq + 2)
#endif
#else
#define BOUND(c, h) skip
#endif

/* ---- the segment -------------------------------------------------------------------------------------------------- */
byte head;
byte stamp[SLOTS];
#if READER
byte word0[SLOTS], word1[SLOTS]; /* the payload: two words, both hold seq + 1 */
#endif
byte claim[CLAIMS];
#if BATCHERS
byte hi[CLAIMS];
#define HI(k) hi[k]
#else
#define HI(k) 0
#endif
byte session[SEATS];
byte over[SEATS]; /* the newest session that the witness knows to be over, whoever tells it */
#define LIVES(k) (session[SEAT(k)] > over[SEAT(k)])

/* ---- what only the model knows ------------------------------------------------------------------------------------ */
byte inside[CLAIMS]; /* the slot + 1 in which this living writer is, between S1 and S4; or 0 */
#define IS_IN(k, slot) (k < CLAIMS && k != me && inside[k % CLAIMS] == (slot) + 1)
byte finished;       /* writers that will do no more: finished, dead or stopped */
#if SHARED
bit down;            /* the process of the shared seat is dead */
bit rests = 1;       /* its other thread is not there, or has noticed */
bit vacant;          /* and nobody takes the seat again */
#endif
byte deaths, stops;
#if STOPS
bit is_stopped[CLAIMS]; /* inside of alloc */
#endif
#if READER
byte cursor;
byte fate[SEQS];
#define OPEN 0      /* nothing is known, or it does not matter any more */
#define PUBLISHED 1 /* and the reader has not come by */
#define LOST 2      /* the reader has called it a hole, or overwritten: it may not be published any more */
#endif

#if SHARED
#define SHARES (SEAT(me) == 0)
#define IS_UP (!down || !SHARES)
#define OR_IS_DOWN :: atomic { !IS_UP -> goto down_too }
#define GO_DOWN if :: SHARES -> down = 1 :: else fi
#else
#define IS_UP true
#define OR_IS_DOWN
#define GO_DOWN skip
#endif
#if DEATHS && !defined(M_LEASE)
#define OR_DIE :: atomic { deaths < DEATHS && me < WRITERS && IS_UP -> deaths++; GO_DOWN; goto dead }
#else
#define OR_DIE
#endif
#if STOPS
#define OR_STOP \
  :: atomic { stops < STOPS && me < WRITERS && IS_UP -> stops++; is_stopped[me] = 1; goto stopped_for_good }
#define OR_STOP_AT_DOOR :: atomic { stops < STOPS && me < WRITERS -> stops++; goto stopped_for_good }
#else
#define OR_STOP
#define OR_STOP_AT_DOOR
#endif
#ifdef M_LEASE /* the kernel lets go of the lease while its holder can still store */
#define STEP(access) \
  atomic { access }; \
  if :: skip :: atomic { deaths < DEATHS -> deaths++; over[SEAT(me)] = session[SEAT(me)] } fi
#define ENTERING(access) STEP(access)
#else
#define STEP(access) if :: atomic { IS_UP -> access } OR_IS_DOWN OR_DIE OR_STOP fi
#define ENTERING(access) if :: atomic { access } OR_DIE OR_STOP_AT_DOOR fi
#endif

/* free_slot_ahead() of writer_steps.cpp. One look for the code's several: it claims nothing and stores nothing, so all
 * that matters is that it is true in the end. */
#define HELD_BY(k, q) (me != k && LIVES(k) && BLOCKS(claim[k], HI(k), q))
#if CLAIMS == 1
#define HELD(q) HELD_BY(0, q)
#elif CLAIMS == 2
#define HELD(q) (HELD_BY(0, q) || HELD_BY(1, q))
#elif CLAIMS == 3
#define HELD(q) (HELD_BY(0, q) || HELD_BY(1, q) || HELD_BY(2, q))
#else
#define HELD(q) (HELD_BY(0, q) || HELD_BY(1, q) || HELD_BY(2, q) || HELD_BY(3, q))
#endif
#define AVAILABLE(q) (stamp[(q) % SLOTS] == PREDECESSOR(q) || !HELD(q))
#if SLOTS == 1
#define FREE_SLOT_AHEAD AVAILABLE(head)
#elif SLOTS == 2
#define FREE_SLOT_AHEAD (AVAILABLE(head) || AVAILABLE(head + 1))
#elif SLOTS == 3
#define FREE_SLOT_AHEAD (AVAILABLE(head) || AVAILABLE(head + 1) || AVAILABLE(head + 2))
#else
#define FREE_SLOT_AHEAD (AVAILABLE(head) || AVAILABLE(head + 1) || AVAILABLE(head + 2) || AVAILABLE(head + 3))
#endif

proctype Writer(byte me; byte todo) {
  byte next;  /* claims will be claiming(next); while writing, the end of what is held */
  byte seq, length, k, c, skips;
#if PROBE
  byte row;   /* skips in a row */
#endif
#if RUNS
  byte clear;     /* of the scan under way */
  byte clear_end; /* nobody older is in the slots of [seq, clear_end) */
#endif

#if PROBE
  if
  :: me == WRITERS -> finished == WRITERS
  :: else
  fi;
#endif

#if SHARED
  if
  :: me == 1 ->
join: /* the handle's other thread: GuardedWriter::join(). It begins where its claim says. */
     if
     :: atomic { LIVES(1) && !down -> rests = 0; next = LO(claim[1]); goto alloc }
     :: atomic { vacant -> goto gone }
     fi
  :: else
  fi;
#endif

take_seat: /* seat.cpp; E1 to E3, and the mutex's part of E4, are in mutex.pml */
  atomic { assert(!LIVES(me));
#if SHARED
           if :: SHARES && down -> down = 0 :: else fi
#endif
         }
#ifdef M_BEGIN_FIRST
  ENTERING( session[SEAT(me)]++ );
#endif
  ENTERING( next = head ); /* E4 */
#ifdef M_CLAIM_AHEAD
  next++;
#endif
  ENTERING( claim[me] = IDLE(next) );
#if SHARED && !defined(M_FIRST_CLAIM_ONLY)
  if
  :: SHARES -> ENTERING( claim[1] = IDLE(next) )
  :: else
  fi;
#endif
#ifndef M_BEGIN_FIRST
  ENTERING( session[SEAT(me)]++ ); /* E5 */
#endif

alloc:
  if
  :: todo == 0 -> goto leave
  :: else
  fi;
W1: /* after a seq that was skipped: the claim goes from writing(seq) to claiming(seq + 1) */
#ifndef M_LATE_CLAIM
#ifdef M_PREDICT
  STEP( claim[me] = WRITING(head) );
#else
  STEP( claim[me] = CLAIMING(next) );
#endif
#endif
  length = 1;
#if BATCHERS
  if
  :: me < BATCHERS ->
     atomic { length = (todo < BATCH -> todo : BATCH); length = (length < SLOTS -> length : SLOTS) }
  :: else
  fi;
#endif
W2:
  STEP( if
        :: head + length > SEQS -> goto give_up
        :: else -> seq = head; head = head + length; next = seq + length; length = 0
        fi );
#ifdef M_LATE_CLAIM
  STEP( claim[me] = CLAIMING(seq) );
#endif
#if BATCHERS && !defined(M_HI_LATE)
  if
  :: me < BATCHERS -> STEP( hi[me] = next )
  :: else
  fi;
#endif
W2_writing: /* W2' */
  STEP( claim[me] = WRITING(seq) );
#if BATCHERS && defined(M_HI_LATE)
  if
  :: me < BATCHERS -> STEP( hi[me] = next )
  :: else
  fi;
#endif
#if GIVES_UP
  if /* alloc_reserved() finds that the mutex is reserved for it no more */
  :: goto W3
  :: STEP( claim[me] = IDLE(next); seq = 0 ); goto alloc
  fi;
#endif
W3:
#ifndef M_NO_EXACT
  STEP( if
#ifdef M_ANY_DONE
        :: (stamp[seq % SLOTS] & 1) == 0 -> goto S1
#else
        :: stamp[seq % SLOTS] == PREDECESSOR(seq) -> goto S1
#endif
        :: else
        fi );
#else
  goto S1;
#endif

  /* take_or_skip(): is_blocked() looks at each claim, its hi, its holder. Its second and later looks at one claim keep
   * nothing of the earlier ones: they are a first look that came later. In the end k < CLAIMS: blocked. */
#if RUNS
  if
  :: seq < clear_end -> k = CLAIMS; goto scanned
  :: else -> clear = seq + SLOTS
  fi;
#endif
#ifndef M_NO_SCAN
  do
  :: k == CLAIMS -> break
  :: k == me -> k++
  :: else ->
#if BATCHERS
     STEP( c = claim[k] );
#ifdef M_WRITER_NO_HI
     STEP( if :: BLOCKS(c, 0, seq) -> c = 1 :: else -> c = 0; k++ fi );
#else
     STEP( if :: BLOCKS(c, hi[k], seq) -> c = 1 :: else -> BOUND(c, hi[k]); c = 0; k++ fi );
#endif
#else
#ifdef M_WRITER_CLAIMING_OK
     STEP( if :: BLOCKS(claim[k], 0, seq) && KIND(claim[k]) != 1 -> c = 1 :: else -> k++ fi );
#else
     STEP( if :: BLOCKS(claim[k], 0, seq) -> c = 1 :: else -> BOUND(claim[k], 0); k++ fi );
#endif
#endif
     if
#ifdef M_WRITER_NO_LEASE
     :: c -> c = 0; break
#elif NEWCOMERS
     :: c -> STEP( c = session[SEAT(k)] );
        STEP( if :: c > over[SEAT(k)] -> c = 0; break :: else -> c = 0; k++ fi )
#else
     :: c -> STEP( c = 0; if :: LIVES(k) -> break :: else -> k++ fi )
#endif
     :: else
     fi
  od;
#else
  k = CLAIMS;
#endif
#if RUNS
scanned:
  atomic {
    if :: k == CLAIMS && clear_end <= seq -> clear_end = clear :: else fi;
    clear = 0
  }
#endif
  STEP( assert(stamp[seq % SLOTS] < BUSY(seq));  /* else the code refuses the segment as corrupt */
        if
        :: k == CLAIMS || stamp[seq % SLOTS] == PREDECESSOR(seq) -> k = 0
        :: else -> k = 0; goto skipped
        fi );

S1:
#ifdef M_IDLE_EARLY
  STEP( claim[me] = IDLE(next) );
#endif
  STEP( assert(stamp[seq % SLOTS] < BUSY(seq));
#ifndef M_NO_BUSY
        stamp[seq % SLOTS] = BUSY(seq);
#endif
        inside[me] = seq % SLOTS + 1;
        assert(!IS_IN(0, seq % SLOTS) && !IS_IN(1, seq % SLOTS) && !IS_IN(2, seq % SLOTS) && !IS_IN(3, seq % SLOTS)) );
#ifdef M_DONE_FIRST
  STEP( stamp[seq % SLOTS] = DONE(seq) );
#endif
#if READER
S3:
  STEP( word0[seq % SLOTS] = seq + 1 );
  STEP( word1[seq % SLOTS] = seq + 1; assert(word0[seq % SLOTS] == seq + 1) );
#endif
S4:
#if PROBE
  row = 0;
#endif
  STEP( stamp[seq % SLOTS] = DONE(seq); inside[me] = 0; todo--;
#if READER
        assert(fate[seq] != LOST);
        if :: seq >= cursor -> fate[seq] = PUBLISHED :: else fi
#endif
      );
  if
  :: seq + 1 < next -> seq++;
#ifdef M_BATCH_IDLE
     STEP( claim[me] = IDLE(next) ); goto W3
#else
     goto W2_writing
#endif
  :: else
  fi;
W4:
  STEP( claim[me] = IDLE(next); seq = 0 );
#if BATCHERS
  goto batch_end;
#else
  goto alloc;
#endif

skipped:
  skips++;
#if PROBE
  /* A dead writer costs nothing, a stopped one what it holds: so many seqs of a lap. In claiming that may be any. */
  if
  :: me == WRITERS -> c = 0; row++;
#if !STOPS
     assert(false);
#else
     do
     :: c == WRITERS -> c = 0; assert(false)
     :: c < WRITERS && is_stopped[c] ->
        assert(KIND(claim[c]) == 1 || row <= END(claim[c], HI(c)) - LO(claim[c])); c = 0; break
     :: c < WRITERS && !is_stopped[c] -> c++
     od
#endif
  :: else
  fi;
#endif
#if BATCHERS
  if
  :: seq + 1 < next -> seq++; goto W2_writing
  :: me < BATCHERS -> goto W4
  :: else
  fi;
#endif
  seq = 0;
  if
  :: skips <= MAX_SKIPS -> goto W1
  :: else
  fi;
#ifndef M_STARVE_CLAIMING
  STEP( claim[me] = IDLE(next) );
#endif
await_free_slot: /* ... without a claim */
  if
  :: atomic { FREE_SLOT_AHEAD -> skips = 0 }
  :: timeout -> assert(stops > 0); finished++; goto end_starved
  fi;
  goto W1;
#if BATCHERS
batch_end:
  if
  :: skips > MAX_SKIPS && me < BATCHERS && todo > 0 ->
     if
     :: atomic { FREE_SLOT_AHEAD -> skips = 0 }
     :: timeout -> assert(stops > 0); finished++; goto end_starved
     fi
  :: else
  fi;
  goto alloc;
#endif

#if DEATHS && !defined(M_LEASE)
dead: /* no store of it can still come; then the witness may say so */
  atomic {
    inside[me] = 0; over[SEAT(me)] = session[SEAT(me)];
#if SHARED
    if :: SHARES -> inside[0] = 0; inside[1] = 0 :: else fi;
down_too: /* the other thread of a dead process */
#endif
    seq = 0; next = 0; length = 0; k = 0; c = 0; skips = 0
#if RUNS
    ; clear = 0; clear_end = 0
#endif
  }
#if SHARED
  if
  :: atomic { me == 1 -> rests = 1; goto join }
  :: atomic { me == 0 && !LIVES(0) && rests }
  :: me > 1
  fi;
#endif
#if NEWCOMERS
  if
  :: goto take_seat
  :: skip
  fi;
#endif
  goto gone;
#endif
#if STOPS
stopped_for_good:
  atomic { finished++ }
end_stopped:
  false;
#endif
end_starved:
  false;

give_up: /* beyond the model's end */
  skip;
leave:
  if
  :: atomic { IS_UP -> claim[me] = IDLE(next); next = 0; length = 0; skips = 0
#if RUNS
              ; clear_end = 0
#endif
#if SHARED
              ; if :: me == 1 -> rests = 1 :: else fi
#endif
            }
  OR_IS_DOWN
  fi;
gone:
  atomic { finished++; todo = 0;
#if SHARED
           vacant = vacant || me == 0
#endif
         }
}

#if READER
/* Moves the cursor from seq to seq, and gives each a verdict: read, overwritten, hole, passed over. Exact accounting is
 * then that it gets to head. A seq that is passed over may still be published; one that is lost may not. */
#if STOPS
/* The reader's hold time is over when a stopped writer is in the way, and no running one has stayed in the word in which
 * it was when the reader began to wait. */
#define COVERED_BY(k) (LIVES(k) && COVERS(claim[k], HI(k), cursor))
#define STANDS(k) (COVERED_BY(k) && is_stopped[k])
#define GOES_ON(k) (COVERED_BY(k) && !is_stopped[k] && claim[k] == suspects[k])
#if CLAIMS == 1
#define TIME_IS_OVER STANDS(0)
#elif CLAIMS == 2
#define TIME_IS_OVER ((STANDS(0) || STANDS(1)) && !GOES_ON(0) && !GOES_ON(1))
#else
#define TIME_IS_OVER ((STANDS(0) || STANDS(1) || STANDS(2)) && !GOES_ON(0) && !GOES_ON(1) && !GOES_ON(2))
#endif
#define FRESH 0     /* nothing seen of this seq yet */
#define SUSPECTS 1  /* found pending: a second settle() notes who is in the way */
#define WAITS 2
#define LAST 3      /* time is over: the last settle() */
#endif
/* A claim that begins within the run. */
#if RUNS
#ifdef M_RUN_TO_HEAD
#define MEETS(c) false
#else
#define MEETS(c) (LO(c) > cursor && LO(c) < run_end && (KIND(c) == 1 || KIND(c) == 2))
#endif
#endif
#define MOVE_ON if :: fate[cursor] == PUBLISHED -> fate[cursor] = OPEN :: else fi; cursor++
#define LOSE if :: fate[cursor] == PUBLISHED -> fate[cursor] = OPEN :: else -> fate[cursor] = LOST fi; cursor++

proctype Reader() {
  byte s, k, c, a, b, oldest, target, first, held;
  bit covered, quiet;
#if RUNS
  byte settled;  /* settled_end_: below it T1 and T2 are behind */
  byte run_end;  /* of the scan under way */
  byte streak;   /* holes in a row, since that scan */
#endif
#if STOPS
  byte phase;
  bit all_stuck;
  bit runs; /* ghost: a claim is taken for a stuck one whose holder runs */
  byte suspects[CLAIMS], stuck[CLAIMS]; /* StuckClaims */
#endif

next_seq:
  atomic { s = 0; k = 0; c = 0; a = 0; b = 0; oldest = 0; target = 0; first = 0; covered = 0; quiet = 0 }
#if STOPS
  atomic { phase = FRESH; all_stuck = 0; runs = 0;
           do :: k == CLAIMS -> k = 0; break :: else -> suspects[k] = 0; k++ od }
#endif
T1:
  if
#ifdef M_NO_T1
  :: cursor < SEQS
#else
  :: head > cursor
#endif
  :: finished == CLAIMS && head == cursor -> goto end
  fi;
look:
  s = stamp[cursor % SLOTS]; /* R1 */
  if
  :: s == DONE(cursor) ->
#if RUNS
     streak = 0;
#endif
     a = word0[cursor % SLOTS]; /* R2 */
     b = word1[cursor % SLOTS];
     atomic { /* R4 */
       if
#ifdef M_NO_R4
       :: true -> assert(a == cursor + 1 && b == cursor + 1); MOVE_ON; goto next_seq
#else
       :: stamp[cursor % SLOTS] == s -> assert(a == cursor + 1 && b == cursor + 1); MOVE_ON; goto next_seq
       :: else -> a = 0; b = 0; goto lapped
#endif
       fi
     }
#ifdef M_BUSY_IS_NEWER
  :: s > DONE(cursor) -> goto lapped
#else
  :: IS_NEWER(s, cursor) -> goto lapped
#endif
#ifdef M_HEAD_LAPS /* takes the distance to head for a proof */
  :: s < DONE(cursor) && head - cursor > SLOTS -> goto lapped
#endif
  :: else
  fi;

#if RUNS
  if
  :: cursor < settled -> goto T3
  :: else -> atomic { streak = 0; run_end = head } /* T1 */
  fi;
#endif
  /* settle() */
  atomic { s = 0; covered = 0;
#if STOPS
           all_stuck = 1; runs = 0
#endif
         }
#ifndef M_READER_NO_SCAN
  do
  :: k == CLAIMS -> k = 0; break
  :: else ->
T2:  /* the claim, then hi, then the session, then whether it is over */
#if LIFE_FIRST
     atomic { held = session[SEAT(k)] };
     atomic { held = (held > over[SEAT(k)]) };
#define IS_ALIVE held
#elif NEWCOMERS
#define IS_ALIVE (held > over[SEAT(k)])
#else
#define IS_ALIVE LIVES(k)
#endif
     atomic { c = claim[k];
#if !BATCHERS
              if
#ifdef M_READER_CLAIMING_OK
              :: KIND(c) == 2 && COVERS(c, 0, cursor)
#else
              :: COVERS(c, 0, cursor)
#endif
#if RUNS
              :: !COVERS(c, 0, cursor) && MEETS(c)
#endif
              :: else -> c = 0
              fi
#endif
            }
#if BATCHERS
#ifdef M_READER_NO_HI
     if :: COVERS(c, 0, cursor) :: else -> c = 0 fi;
#elif RUNS
     atomic { if :: COVERS(c, hi[k], cursor) || MEETS(c) :: else -> c = 0 fi }
#else
     atomic { if :: COVERS(c, hi[k], cursor) :: else -> c = 0 fi }
#endif
#endif
     if
     :: c == 0
     :: else ->
#if NEWCOMERS && !LIFE_FIRST
        held = session[SEAT(k)];
#endif
        atomic {
          if
#if RUNS
          :: LO(c) > cursor && IS_ALIVE -> run_end = LO(c)
          :: LO(c) <= cursor && IS_ALIVE -> covered = 1;
#elif defined(M_READER_NO_LEASE)
          :: true -> covered = 1;
#else
          :: IS_ALIVE -> covered = 1;
#endif
#if STOPS
             if :: stuck[k] == c -> runs = runs || !is_stopped[k] :: else -> all_stuck = 0 fi;
             if
             :: phase == SUSPECTS -> suspects[k] = c
             :: phase == LAST ->
#ifdef M_MARK_ALL
                stuck[k] = c
#else
                if :: suspects[k] == c -> stuck[k] = c :: else fi
#endif
             :: else
             fi
#endif
          :: else
          fi;
          c = 0; held = 0
        }
     fi;
     k++
  od;
#endif
T3:
#ifdef M_NO_T3
  atomic { if :: covered -> goto pending :: else -> assert(fate[cursor] != PUBLISHED); LOSE; goto next_seq fi }
#else
  atomic {
    s = stamp[cursor % SLOTS];
    if
    :: s == DONE(cursor) || IS_NEWER(s, cursor) -> s = 0; covered = 0; goto look
    :: else -> s = 0;
       if
       :: covered -> covered = 0; goto pending
       :: else -> assert(fate[cursor] != PUBLISHED); LOSE; /* a hole, for ever */
#if RUNS
          if :: settled < run_end -> settled = run_end :: else fi;
          streak++;
          if
          :: streak == SLOTS -> /* all slots have been looked at: a look serves for the later seqs of the slot, too */
             do
             :: cursor < settled -> assert(fate[cursor] != PUBLISHED); LOSE
             :: else -> break
             od;
             streak = 0
          :: else
          fi;
          run_end = 0;
#endif
          goto next_seq
       fi
    fi
  }
#endif

pending: /* resolve_pending() */
#if STOPS
  if
  :: atomic { phase == LAST -> MOVE_ON; goto next_seq }                                          /* passed over */
  :: atomic { (phase == FRESH || phase == WAITS) && all_stuck -> assert(!runs); MOVE_ON; goto next_seq } /* likewise */
  :: atomic { phase == FRESH && !all_stuck -> phase = SUSPECTS; goto look }
  :: atomic { phase == SUSPECTS -> phase = WAITS }
  :: phase == WAITS && !all_stuck
  fi;
#endif
  if
  :: finished < CLAIMS -> goto look
  :: atomic { finished == CLAIMS && !quiet -> quiet = 1; goto look } /* once more; to look in vain now is an error */
#if STOPS
  :: atomic { TIME_IS_OVER -> phase = LAST; goto look }
#endif
#if HOLD_ANY
  :: atomic { MOVE_ON; goto next_seq } /* passed over */
#endif
  fi;

lapped: /* the skid is up to half the ring: here that, or nothing */
  atomic {
    s = 0; k = 0;
#if RUNS
    streak = 0;
#endif
    oldest = (head > SLOTS -> head - SLOTS : 0);
    oldest = (oldest > cursor + 1 -> oldest : cursor + 1);
    first = (oldest - cursor > SLOTS -> oldest : cursor + 1)
  }
  if
  :: oldest - cursor > SLOTS -> /* first_unproven(): one look per slot */
     do
     :: k == SLOTS -> k = 0; break
     :: else ->
        atomic {
          s = stamp[(cursor + k) % SLOTS];
#ifdef M_PROVES_ITSELF
          s = (s > 1 && STAMP_SEQ(s) + 1 > cursor + k -> STAMP_SEQ(s) + 1 : cursor + k);
#else
          s = (s > 1 && STAMP_SEQ(s) > cursor + k -> STAMP_SEQ(s) : cursor + k);
#endif
          first = (s < first -> s : first); s = 0; k++
        }
     od;
     atomic { /* that took a while: head once more */
       first = (first > cursor + 1 -> first : cursor + 1);
       oldest = (head > SLOTS -> head - SLOTS : 0);
       oldest = (oldest > first -> oldest : first)
     }
  :: else
  fi;
  do
  :: atomic { first < oldest && IS_NEWER(stamp[first % SLOTS], first) -> first++ }
  :: atomic { first >= oldest || !IS_NEWER(stamp[first % SLOTS], first) -> break }
  od;
  atomic {
    do
    :: cursor < first -> LOSE
    :: else -> break
    od
  }
  atomic {
    if
    :: cursor == oldest ->
       target = oldest;
#if SLOTS > 1
       if :: target = target + SLOTS / 2 :: skip fi;
#endif
       do /* what the skid leaps over is passed over, without a look */
       :: cursor < target -> MOVE_ON
       :: else -> break
       od
    :: else
    fi
  }
  goto next_seq;

end:
  skip
}
#endif

#ifdef M_CLEARS_CLAIMS /* clears up after a dead holder, and finds its claim after the proof */
proctype Clearer() {
  byte c;
end_clearer:
  session[0] > 0 && !LIVES(0);
  c = claim[0];
  atomic { if :: claim[0] == c -> claim[0] = IDLE(LO(c)) :: else fi }
}
#endif

init {
  atomic {
    byte i;
    for (i : 0 .. WRITERS - 1) { run Writer(i, VALUES) }
#if PROBE
    run Writer(WRITERS, PROBE);
#endif
#ifdef M_CLEARS_CLAIMS
    run Clearer();
#endif
#if READER
    run Reader();
#endif
    i = 0
  }
}
