package nbd

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// The negotiation's numbers.
const (
	magicServer  = 0x4e42444d41474943 // NBDMAGIC
	magicOption  = 0x49484156454f5054 // IHAVEOPT
	magicReply   = 0x3e889045565a9
	flagNewstyle = 1 << 0
	flagNoZeroes = 1 << 1

	optionGo              = 7
	optionStructuredReply = 8
	optionSetMetaContext  = 10

	replyAck         = 1
	replyInfo        = 3
	replyMetaContext = 4
	replyError       = 1 << 31

	infoExport = 0

	metaContext = "base:allocation"
)

// negotiate agrees on structured replies and the map of holes, and opens the
// default export.
func (c *Client) negotiate() error {
	var greeting [18]byte
	if _, err := io.ReadFull(c.in, greeting[:]); err != nil {
		return err
	}
	flags := binary.BigEndian.Uint16(greeting[16:])
	if binary.BigEndian.Uint64(greeting[:]) != magicServer || binary.BigEndian.Uint64(greeting[8:]) != magicOption || flags&flagNewstyle == 0 {
		return errProtocol
	}
	if flags&flagNoZeroes == 0 {
		return fmt.Errorf("%w: it is too old", errProtocol)
	}
	if _, err := c.conn.Write(binary.BigEndian.AppendUint32(nil, flagNewstyle|flagNoZeroes)); err != nil {
		return err
	}

	if err := c.option(optionStructuredReply, nil, nil); err != nil {
		return err
	}
	query := binary.BigEndian.AppendUint32(nil, 0) // the export's name is empty
	query = binary.BigEndian.AppendUint32(query, 1)
	query = binary.BigEndian.AppendUint32(query, uint32(len(metaContext)))
	query = append(query, metaContext...)
	known := false
	err := c.option(optionSetMetaContext, query, func(kind uint32, data []byte) error {
		if kind != replyMetaContext || len(data) < 4 || string(data[4:]) != metaContext {
			return errProtocol
		}
		c.context, known = binary.BigEndian.Uint32(data), true
		return nil
	})
	if err == nil && !known {
		err = fmt.Errorf("%w: it does not tell holes", errProtocol)
	}
	if err != nil {
		return err
	}

	c.size = -1
	err = c.option(optionGo, make([]byte, 6), func(kind uint32, data []byte) error {
		if kind != replyInfo || len(data) < 2 {
			return errProtocol
		}
		if binary.BigEndian.Uint16(data) != infoExport {
			return nil
		}
		if len(data) != 12 || binary.BigEndian.Uint64(data[2:]) > math.MaxInt64 {
			return errProtocol
		}
		c.size = int64(binary.BigEndian.Uint64(data[2:]))
		return nil
	})
	if err == nil && c.size < 0 {
		err = errProtocol
	}
	return err
}

// maxReply is how long the data of one reply may be, in bytes.
const maxReply = 1 << 16

// option sends an option and reads the replies up to the last.
func (c *Client) option(number uint32, data []byte, take func(kind uint32, data []byte) error) error {
	message := binary.BigEndian.AppendUint64(nil, magicOption)
	message = binary.BigEndian.AppendUint32(message, number)
	message = binary.BigEndian.AppendUint32(message, uint32(len(data)))
	if _, err := c.conn.Write(append(message, data...)); err != nil {
		return err
	}
	for {
		var head [20]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return err
		}
		kind, length := binary.BigEndian.Uint32(head[12:]), binary.BigEndian.Uint32(head[16:])
		if binary.BigEndian.Uint64(head[:]) != magicReply || binary.BigEndian.Uint32(head[8:]) != number || length > maxReply {
			return errProtocol
		}
		answer := make([]byte, length)
		if _, err := io.ReadFull(c.in, answer); err != nil {
			return err
		}
		switch {
		case kind == replyAck:
			return nil
		case kind&replyError != 0:
			return fmt.Errorf("it refused option %d: error %d %s", number, kind&^replyError, strings.ToValidUTF8(string(answer), "?"))
		case take == nil:
			return errProtocol
		}
		if err := take(kind, answer); err != nil {
			return err
		}
	}
}
