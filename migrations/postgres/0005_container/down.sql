DROP TABLE standing;
DROP TABLE edge;
DROP TABLE product_identity;
DROP TABLE container;
DROP TABLE location;
