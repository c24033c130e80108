//! The site's table of product codes.

use chorda::codes::products::ProductTable;

fn lines(text: &str) -> Vec<usize> {
    ProductTable::parse(text).unwrap_err().iter().map(|error| error.line).collect()
}

#[test]
fn codes_and_descriptions_are_read_with_either_separator_and_quotes() {
    for text in [
        "product_code,description\nS1234,\"Cells, frozen\"\nD0101,Aliquot\n",
        "\u{feff}product_code;description\r\nS1234;Cells, frozen\r\n\r\nD0101;Aliquot\r\n",
        "product_code , description\n\"S1234\",\"Cells, frozen\"\nD0101,\"Aliquot\"",
    ] {
        let table = ProductTable::parse(text).unwrap();
        assert_eq!(table.description("S1234"), Some("Cells, frozen"), "{text}");
        assert_eq!(table.iter().count(), 2);
        assert_eq!(table.description("S9999"), None);
    }
    let quoted = "product_code,description\nS1234,\"called \"\"EQ\"\"\"\n";
    assert_eq!(ProductTable::parse(quoted).unwrap().description("S1234"), Some("called \"EQ\""));
    assert_eq!(ProductTable::parse("product_code,description\n").unwrap().iter().count(), 0);
}

#[test]
fn every_wrong_line_is_told_by_its_number() {
    let text = "product_code,description\n\
        s1234,lower case\nS1234,right\nS123,short\nS1235\nS1234,twice\nS1236,\n\nS1237,a,b\n\
        S1238,\"two\nlines\"\nS1239,\"quoted\"\n1S239,digit first\n";
    assert_eq!(lines(text), [2, 4, 5, 6, 7, 9, 10, 13]);
    let told = ProductTable::parse(text).unwrap_err();
    assert!(told[0].to_string().starts_with("line 2: "), "{}", told[0]);
    assert!(told[3].message.contains("twice"), "{}", told[3]);
}

#[test]
fn a_file_without_its_header_or_with_an_open_quote_is_refused() {
    for text in ["", "S1234,Cells\n", "code,description\n", "product_code\n"] {
        assert_eq!(lines(text), [1], "{text:?}");
    }
    assert_eq!(lines("product_code,description\nS1234,\"open\nS1235,x\n"), [2]);
    assert_eq!(lines("product_code,description\nS1234,\"closed\"more\n"), [2]);
}
