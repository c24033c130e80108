DROP TABLE equipment;
DROP TABLE material_lot;
