DROP TABLE administration;
DROP TABLE custody_hop;
DROP TABLE reaction;
DROP TABLE order_vial;
DROP TABLE order_stage;
DROP TABLE patient_order;
