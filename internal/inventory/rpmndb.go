package inventory

import (
	"encoding/binary"
	"errors"
	"io"
)

// The format of Packages.db, SUSE's: rpm, lib/backend/ndb/rpmpkg.c. A table of
// slots of 16 bytes in pages of 4096, then blobs in blocks of 16.
const (
	ndbMagic     = "RpmP"
	ndbPage      = 4096
	ndbBlock     = 16
	ndbSlotMagic = 'S' | 'l'<<8 | 'o'<<16 | 't'<<24
	ndbBlobMagic = 'B' | 'l'<<8 | 'b'<<16 | 'S'<<24
)

// readNDB calls add for every header of the database.
func readNDB(at io.ReaderAt, size int64, add func([]byte) error) error {
	head, err := readPart(at, 0, 32)
	if err != nil {
		return err
	}
	pages := int64(binary.LittleEndian.Uint32(head[12:]))
	if pages*ndbPage > size || pages*ndbPage > maxRPMHeader {
		return errors.New("its table of packages is longer than the file")
	}
	slots, err := readPart(at, 0, int(pages*ndbPage))
	if err != nil {
		return err
	}
	for s := slots[min(len(slots), 32):]; len(s) >= 16; s = s[16:] {
		number := binary.LittleEndian.Uint32(s[4:])
		if binary.LittleEndian.Uint32(s) != ndbSlotMagic {
			return errors.New("its table of packages is damaged")
		}
		if number == 0 {
			continue
		}
		offset := int64(binary.LittleEndian.Uint32(s[8:])) * ndbBlock
		blob, err := readPart(at, offset, 16)
		if err != nil {
			return err
		}
		if binary.LittleEndian.Uint32(blob) != ndbBlobMagic || binary.LittleEndian.Uint32(blob[4:]) != number {
			return errors.New("a package is not where the table says")
		}
		length := binary.LittleEndian.Uint32(blob[12:])
		if int64(length) > size {
			return errors.New("a package is longer than the file")
		}
		header, err := readPart(at, offset+16, int(length))
		if err != nil {
			return err
		}
		if err := add(header); err != nil {
			return err
		}
	}
	return nil
}
