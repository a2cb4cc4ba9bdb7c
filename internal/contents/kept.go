package contents

import (
	"bytes"
	"crypto/rand"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"

	"bulkhead/internal/inventory"
	"bulkhead/internal/oci"
	"bulkhead/internal/secret"
)

// saltKey is where the key is kept with which credentials are told apart.
const saltKey = "salt"

// saltOf returns the key with which a scanner tells credentials apart that other
// runs have found: it is drawn once for each store.
func saltOf(s oci.Store) [32]byte {
	var salt [32]byte
	_, _ = rand.Read(salt[:]) // never fails
	if s == nil {
		return salt
	}
	if known := s.Get(saltKey); len(known) == len(salt) {
		return [32]byte(known)
	}
	s.Put(saltKey, salt[:])
	return salt
}

// A keptFound is a found as it is kept in a file. It holds no credential, only
// where one is.
type keptFound struct {
	Telling, Crowded, Script bool
	Interpreter              string
	Rare                     *keptRare
}

type keptRare struct {
	Software bool
	Evidence inventory.Record
	Sums     []byte
	Secrets  []secret.Secret
	Recorded []byte
	Digests  [][]byte
	Text     []byte
}

// codec returns the codec of what is found. Whoever changes what these types
// mean changes the program, and the store's records are of one program.
func codec(salt [32]byte) *oci.Codec[found] {
	return &oci.Codec[found]{
		Version: "contents " + hex.EncodeToString(salt[:8]),
		Encode: func(all []oci.Found[found]) ([]byte, error) {
			kept := make([]keptFound, len(all))
			for i := range all {
				kept[i] = all[i].Value.keep()
			}
			var out bytes.Buffer
			err := gob.NewEncoder(&out).Encode(kept)
			return out.Bytes(), err
		},
		Decode: func(record []byte, all []oci.Found[found]) error {
			var kept []keptFound
			if err := gob.NewDecoder(bytes.NewReader(record)).Decode(&kept); err != nil {
				return fmt.Errorf("read record: %w", err)
			}
			if len(kept) != len(all) {
				return errors.New("read record: it is of other files")
			}
			for i := range all {
				var err error
				if all[i].Value, err = kept[i].found(all[i].Entry); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// keep returns f as it can be kept.
func (f *found) keep() keptFound {
	k := keptFound{Telling: f.telling, Crowded: f.crowded, Script: f.script, Interpreter: f.interpreter}
	if r := f.rare; r != nil {
		k.Rare = &keptRare{Software: r.software, Sums: r.sums, Recorded: r.recorded, Secrets: r.secrets, Digests: r.digests, Text: r.text}
		if r.software {
			k.Rare.Evidence = r.evidence.Record()
		}
	}
	return k
}

// found returns what k keeps of the file e.
func (k *keptFound) found(e *oci.Entry) (found, error) {
	f := found{telling: k.Telling, crowded: k.Crowded, script: k.Script, interpreter: k.Interpreter}
	if r := k.Rare; r != nil {
		f.rare = &rare{software: r.Software, sums: r.Sums, recorded: r.Recorded, secrets: r.Secrets, digests: r.Digests, text: r.Text}
		if r.Software {
			var err error
			if f.rare.evidence, err = r.Evidence.Evidence(e); err != nil {
				return found{}, fmt.Errorf("read record: %w", err)
			}
		}
	}
	return f, nil
}
